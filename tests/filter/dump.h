// A filter in words, for golden files and failure messages.
#pragma once

#include <linux/filter.h>

#include <string>

namespace abishim::test {

std::string Dump(const sock_filter* program, unsigned length);

}  // namespace abishim::test
