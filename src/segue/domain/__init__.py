"""Pure mathematics: numpy and the standard library, no I/O, no clock, no environment, no logging."""
