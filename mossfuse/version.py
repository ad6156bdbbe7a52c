"""The version of the installed package."""

UNKNOWN = "0+unknown"  # run from a source tree that was never installed


def installed_version() -> str:
    """Return the version that the package was installed with (set by the tag of its commit), or UNKNOWN."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("mossfuse")
    except PackageNotFoundError:
        return UNKNOWN
