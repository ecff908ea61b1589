"""A decision told: in words, as a record in the MADR form, as a page, as tables, and as the folder of all of them."""
