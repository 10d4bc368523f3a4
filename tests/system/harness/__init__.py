"""What the system tests stand on: real stacks, real sockets, and the contract for every response."""
