// Prints its arguments, one a line, each with its length.
#include <stdio.h>
#include <string.h>

int main(int, char** argv) {
  for (; *argv != nullptr; ++argv) printf("%zu:%s\n", strlen(*argv), *argv);
}
