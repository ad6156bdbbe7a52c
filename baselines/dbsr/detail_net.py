"""A small residual network that sharpens an upsampled image."""

from torch import nn


class DetailNet(nn.Module):
    """(N, bands, H, W) -> same: the image plus three 3x3 convolutions of it."""

    def __init__(self, bands, channels=32):
        super().__init__()
        widths = [bands, channels, channels, bands]
        layers = []
        for a, b in zip(widths, widths[1:], strict=False):
            layers += [nn.Conv2d(a, b, 3, padding=1, padding_mode="replicate"), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, image):
        return image + self.layers(image)
