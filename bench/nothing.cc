// The program to execute: what an exec itself costs, and a libc's start.
int main() { return 0; }
