"""Mathematics and networks that two or more baselines share."""
