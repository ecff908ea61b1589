"""Decision record: sentences, a record in the MADR form, an HTML page, CSV tables, and the folder of all of them."""
