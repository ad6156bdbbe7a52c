"""Which scenes count in a mean: the same ones for every method of a dataset under one degradation."""


def counted_scenes(cells):
    """(scenes whose scores count, scenes left out because some method has seen them in training).

    cells: (method, scene, seen in training) of one dataset under one degradation. A method that has seen all of its
    scenes takes none away from the others.
    """
    cells = list(dict.fromkeys(cells))
    fresh = {method for method, _, seen in cells if not seen}
    left_out = {scene for method, scene, seen in cells if seen and method in fresh}
    scenes = list(dict.fromkeys(scene for _, scene, _ in cells))
    return [s for s in scenes if s not in left_out], [s for s in scenes if s in left_out]
