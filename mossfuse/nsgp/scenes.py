"""The scenes on which defaults of nsgp were chosen; docs/nsgp.md says which default on which."""

EIGHT_BAND = (
    "balloons", "beads", "cloth", "face", "feathers", "flowers", "glass_tiles", "jelly_beans", "oil_painting", "pompoms",
    "watercolors",
)  # fmt: skip
TUNED_ON = {
    "cave-8": EIGHT_BAND,
    "cave": EIGHT_BAND,
    "cave-26": ("balloons",),
    "jasper-ridge": ("jasper-ridge",),
    "samson": ("samson",),
    "pavia-crop": ("pavia-crop",),
    "urban-crop": ("urban-crop",),
    # The same crops with every pixel.
    "jasper-ridge-100": ("jasper-ridge-100",),
    "samson-95": ("samson-95",),
    "pavia-crop-100": ("pavia-crop-100",),
    "urban-crop-100": ("urban-crop-100",),
}
