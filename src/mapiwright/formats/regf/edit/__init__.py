"""Write a hive: cells, keys, values and security descriptors, edited as Windows has them."""
