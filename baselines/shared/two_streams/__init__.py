"""Two streams for blind fusion: spectral and spatial networks fitted in stages (EDIP-Net, M2U-Net)."""
