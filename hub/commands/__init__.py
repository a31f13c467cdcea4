"""The commands of `dongdong`, one module each."""
