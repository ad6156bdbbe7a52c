"""How MossFuse is trained."""
