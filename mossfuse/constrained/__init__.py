"""MossFuse with its constraints by construction: X = P M + N f, from a closed-form start (docs/mossfuse-c.md)."""
