"""The competitors: one file, or one folder, per method. Shared parts are in ``shared/``."""
