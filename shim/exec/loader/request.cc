#include "shim/exec/loader/request.h"

namespace abishim::exec {
namespace {

constexpr char kKey[] = "ABISHIM_LOADER=";
constexpr int kDigits = 16;

char* PutHex(char* at, Word value, char behind) {
  for (int i = kDigits - 1; i >= 0; --i) *at++ = "0123456789abcdef"[value >> (4 * i) & 15];
  *at++ = behind;
  return at;
}

// Null unless exactly kDigits digits and `behind` stand there.
const char* TakeHex(const char* at, Word* value, char behind) {
  *value = 0;
  for (int i = 0; i < kDigits; ++i, ++at) {
    const char c = *at;
    const Word digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99u;
    if (digit > 15) return nullptr;
    *value = *value << 4 | digit;
  }
  return *at == behind ? at + 1 : nullptr;
}

}  // namespace

void Encode(const Order& order, char (&entry)[kOrderBytes]) {
  char* at = entry;
  for (const char* key = kKey; *key != '\0'; ++key) *at++ = *key;
  at = PutHex(at, order.mask, ',');
  at = PutHex(at, order.ignored, ',');
  at = PutHex(at, order.program, ',');
  at = PutHex(at, order.interpreter, ':');
  const char* name = order.name;
  while (*name != '\0' && at < entry + sizeof(entry) - 1) *at++ = *name++;
  *at = '\0';
}

bool Decode(const char* entry, Order* order) {
  for (const char* key = kKey; *key != '\0'; ++key) {
    if (*entry++ != *key) return false;
  }
  if ((entry = TakeHex(entry, &order->mask, ',')) == nullptr) return false;
  if ((entry = TakeHex(entry, &order->ignored, ',')) == nullptr) return false;
  if ((entry = TakeHex(entry, &order->program, ',')) == nullptr) return false;
  if ((entry = TakeHex(entry, &order->interpreter, ':')) == nullptr) return false;
  order->name = entry;
  return true;
}

}  // namespace abishim::exec
