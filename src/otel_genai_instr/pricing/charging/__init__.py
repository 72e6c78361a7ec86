"""What was used times what it costs. Knows no price list, no file and no clock."""
