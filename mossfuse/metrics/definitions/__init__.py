"""The definitions of the metrics, one file per metric; ``mossfuse.metrics.catalogue`` finds them."""
