#include "shim/exec/loader/order.h"

namespace abishim::exec {
namespace {

constexpr char kKey[] = "ABISHIM_LOADER=";
constexpr int kDigits = 16;
constexpr Word kSiginfoWords = sizeof(arch::Siginfo) / sizeof(Word);

class Writer {
 public:
  Writer(char* at, char* end) : at_(at), end_(end) {}
  void Put(char c) {
    if (at_ < end_)
      *at_++ = c;
    else
      fits_ = false;
  }
  void Text(const char* text) {
    while (*text != '\0') Put(*text++);
  }
  void Hex(Word value) {
    for (int i = kDigits - 1; i >= 0; --i) Put("0123456789abcdef"[value >> (4 * i) & 15]);
  }
  bool fits() const { return fits_; }

 private:
  char* at_;
  char* end_;
  bool fits_ = true;
};

class Reader {
 public:
  explicit Reader(char* at) : at_(at) {}
  void Key(const char* key) {
    while (sound_ && *key != '\0') sound_ = *at_++ == *key++;
  }
  Word Hex() {
    Word value = 0;
    for (int i = 0; sound_ && i < kDigits; ++i) {
      const char c = *at_;
      const Word digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99u;
      sound_ = digit < 16;
      value = value << 4 | digit;
      if (sound_) ++at_;
    }
    return value;
  }
  // A string of `length`, which then ends in a NUL: the character behind it is none of it.
  const char* Text(Word length) {
    char* const start = at_;
    while (sound_ && length-- > 0) sound_ = *at_++ != '\0';
    if (!sound_ || *at_ == '\0') return sound_ = false, "";
    *at_++ = '\0';
    return start;
  }
  const char* Rest() const { return at_; }
  bool sound() const { return sound_; }

 private:
  char* at_;
  bool sound_ = true;
};

}  // namespace

bool Encode(const Order& order, char* entry, Word size) {
  Writer w(entry, entry + size);
  w.Text(kKey);
  const Word words[] = {order.mask, order.ignored, order.program, order.interpreter,
                        Word{order.pending}};
  for (const Word word : words) w.Hex(word);
  const auto* sigsys = reinterpret_cast<const Word*>(&order.sigsys);
  for (Word i = 0; order.pending && i < kSiginfoWords; ++i) w.Hex(sigsys[i]);
  const char* const strings[] = {order.log, order.stats, order.library, order.release, order.kept};
  for (const char* text : strings) w.Hex(__builtin_strlen(text));
  for (const char* text : strings) {
    w.Text(text);
    w.Put(':');
  }
  w.Text(order.name);
  w.Put('\0');
  return w.fits();
}

bool IsOrder(const char* entry) {
  const char* key = kKey;
  while (entry != nullptr && *key != '\0' && *entry == *key) ++entry, ++key;
  return *key == '\0';
}

bool Decode(char* entry, Order* order) {
  Reader r(entry);
  r.Key(kKey);
  order->mask = r.Hex();
  order->ignored = r.Hex();
  order->program = r.Hex();
  order->interpreter = r.Hex();
  order->pending = r.Hex() != 0;
  auto* words = reinterpret_cast<Word*>(&order->sigsys);
  for (Word i = 0; order->pending && i < kSiginfoWords; ++i) words[i] = r.Hex();
  const Word log = r.Hex(), stats = r.Hex(), library = r.Hex(), release = r.Hex(), kept = r.Hex();
  order->log = r.Text(log);
  order->stats = r.Text(stats);
  order->library = r.Text(library);
  order->release = r.Text(release);
  order->kept = r.Text(kept);
  order->name = r.Rest();
  return r.sound();
}

}  // namespace abishim::exec
