"""The MossFuse network: the paper's figure as code, one file per panel."""
