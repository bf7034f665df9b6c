"""PostgreSQL: addresses, pools, tables of the schema `shared`, LISTEN and NOTIFY."""
