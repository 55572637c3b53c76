"""The accounts of the embedded gateway: positions, cash, values, and the file that remembers them."""
