"""Mathematics shared by the model-based baselines: unmixing, simplex projection, resizing, the Sylvester equation."""
