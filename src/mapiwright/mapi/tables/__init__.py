"""MAPI tables: rows, restrictions, sort orders and bookmarks over them."""
