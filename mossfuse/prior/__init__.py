"""A prior learned on renderings: which of several closed forms to follow at a pixel, for any camera (docs/frontier.md)."""
