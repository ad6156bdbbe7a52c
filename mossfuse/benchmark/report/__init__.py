"""The report: static pages, tables and figures made from a finished grid's results.

Nothing is imported here: printing the leaderboards needs no plotting library.
"""
