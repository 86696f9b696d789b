"""What can be found of a hive that is damaged, or of what was deleted from one: no root and no list is needed."""
