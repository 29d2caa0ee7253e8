// The library to compare with: what LD_PRELOAD itself costs.
