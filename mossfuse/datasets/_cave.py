"""What the CAVE family has in common: scene names, the official split, terms, citation."""

CITATION = (
    "F. Yasuma, T. Mitsunaga, D. Iso, S. K. Nayar: Generalized Assorted Pixel Camera: Post-Capture Control of "
    "Resolution, Dynamic Range and Spectrum. Technical report CUCS-061-08, Columbia University, 2008"
)
TERMS = '"We are making this database available to the research community" (database page); cite CUCS-061-08'
URL = "https://cave.cs.columbia.edu/repository/Multispectral"
BANDS = tuple(range(1, 32))

# Split of the official MossFuse code (dataset.py), in its order.
TRAIN = (
    "watercolors", "beads", "fake_and_real_sushi", "pompoms", "sponges", "cloth", "oil_painting", "flowers", "cd",
    "superballs", "fake_and_real_lemon_slices", "fake_and_real_food", "paints", "face", "feathers",
    "chart_and_stuffed_toy", "jelly_beans", "photo_and_face", "fake_and_real_strawberries", "glass_tiles",
)  # fmt: skip
TEST = (
    "hairs", "balloons", "real_and_fake_peppers", "stuffed_toys", "thread_spools", "fake_and_real_tomatoes",
    "fake_and_real_lemons", "egyptian_statue", "clay", "real_and_fake_apples", "fake_and_real_beers",
    "fake_and_real_peppers",
)  # fmt: skip
EIGHT_BIT = frozenset({"watercolors"})  # 8-bit RGBA in the original archive


def nanometres(bands):
    """Return the wavelengths of 1-based band numbers: band 1 is 400 nm, band 31 is 700 nm."""
    return tuple(390.0 + 10.0 * b for b in bands)
