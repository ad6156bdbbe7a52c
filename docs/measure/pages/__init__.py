"""What fills the tables, figures and numbers of the pages from docs/evidence."""
