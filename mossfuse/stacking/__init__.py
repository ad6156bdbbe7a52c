"""Several methods' cubes of one pair into one: what each is worth is learnt one scale further down (docs/frontier.md)."""
