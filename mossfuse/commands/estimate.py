def add_verb(verbs):
    pass
