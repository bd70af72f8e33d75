// The tape of reverse mode: what a call of f did, as linear maps between adjoints.
//
// The adjoint of a number is the derivative of f's result by it.  Each array of a recorded call has memory for its
// values, which NumPy fills, and a Shadow: one adjoint for each double of that memory, at the same offset.  So a view of
// an array is a view of its adjoints, and aliases, transposes and overlapping slices need no rule of their own.  An
// operation z = f(x, y) pushes a record for each operand that depends on the variables:
//
//     adjoint(x) += slope adjoint(z)
//
// and a write to existing memory first pushes adjoint(memory) = 0, because the old values influence nothing any more.
// Tape::sweep runs the records from the last to the first, with the adjoint 1 at f's result, and leaves the gradient in
// the shadow of the variables.  A record stores no slopes: it captures the values that they are functions of, and the
// sweep evaluates them in blocks that stay in cache.  A Capture stands for the values of a whole array: before f
// overwrites these, they move to a copy that the Capture then owns.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include "math/element_layout.h"

namespace dn::reverse {

// What a sweep carries for each element: its adjoint; for second derivatives along a direction also its tangent and the
// tangent of its adjoint.
enum Field { ADJOINT, TANGENT, ADJOINT_TANGENT, FIELDS };

struct Capture;
struct Shadow {
  double* field[FIELDS];  // null while nothing has flowed into it
  index_t size;
  Shadow* next;
  Capture* captured;      // by which records read the present values, in a sweep of the tangents
  double number[FIELDS];  // the fields themselves where size is 1
  index_t place;          // among the shadows of its tape, in the order of their creation
};

// Values that records read, and the tangents that belong to them.  The owner is a Python object, which the tape releases
// at its end; the shadow is null for constants.
struct Capture {
  const char* data;
  void* owner;
  Capture* next;
  Shadow* shadow;
  double* tangent;
  Capture* same;  // another one of the same values, whose tangents are the same memory until a write parts them
  bool owns;      // whether these tangents are freed with this one
};

// An operand of a record: nd == 0 and no capture say that it is a number.  Strides are in bytes, offsets in doubles.
struct Operand {
  Shadow* shadow;
  Capture* capture;
  index_t offset;
  double number;
  int nd;
  const index_t* dims;
  const index_t* strides;
};

// slopes[i] = the partial derivative at (x[i], y[i], z[i]); of one argument at (x[i], z[i]), where z is f's value.
using SlopeLoop = void (*)(const double* x, const double* y, const double* z, double* slopes, index_t n);
// slopes[i] = the derivative of that slope along the tangents dx[i], dy[i] and dz[i].
using CurvatureLoop = void (*)(const double* const* at, const double* const* tangents, double* slopes, index_t n);

enum class Action : std::uint8_t {
  add,      // in += factor out
  product,  // in += factor a out
  slopes,   // in += factor slopes(a, b, c) out
  zero,     // out = 0
  scale,    // out *= factor
  gather,   // in[index[i]] += out[i], where index[i] >= 0
  assign,   // in[i] += out[index[i]], then out[index[i]] = 0, from the last i to the first
  call      // Python pulls back
};

struct Record {
  Record *previous, *next;
  Shadow *out, *in;
  index_t out_offset, in_offset;
  double factor;
  Action action;
  std::uint8_t axes;
  bool creates;  // out has come into being here: earlier records do not know it
  bool writes;   // out has had other values before
  bool covers;   // in is the whole shadow, in its order
};

enum Role { OUT, IN, A, B, C, ROLES };
struct Axis {
  index_t n, step[ROLES];  // in doubles
};
struct Source {
  Capture* capture;
  index_t offset;
  double number;           // where there is no capture
  const Shadow* variable;  // the shadow of that number
  const double* data() const { return reinterpret_cast<const double*>(capture->data) + offset; }
};
struct ArrayRecord : Record {
  SlopeLoop slopes;
  CurvatureLoop curvature;
  std::uint8_t bends;  // bit k: whether the slopes may change with source k, by themselves or by z
  Source source[3];
  Axis axis[1];  // `axes` of them, the innermost last
};
struct IndexRecord : Record {
  const index_t* index;
  index_t n;
};
struct CallRecord : Record {
  index_t place;
};

constexpr int MAX_AXES_OF_RECORD = 64;

class Tape {
  struct Chunk {
    Chunk* previous;
    std::size_t size, used;
  };
  static constexpr std::size_t FIRST = std::size_t{1} << 14, LARGEST = std::size_t{1} << 20;
  Chunk* chunk_ = nullptr;

  void* take(std::size_t n) {
    n = (n + 15) & ~std::size_t{15};
    if (!chunk_ || chunk_->used + n > chunk_->size) {
      std::size_t size = !chunk_ ? FIRST : chunk_->size < LARGEST ? 2 * chunk_->size : LARGEST;
      if (size < n + 64) size = n + 64;
      auto* chunk = static_cast<Chunk*>(std::malloc(size));
      if (!chunk) throw std::bad_alloc();
      *chunk = {chunk_, size, 64};
      chunk_ = chunk;
      bytes += size;
    }
    void* p = reinterpret_cast<char*>(chunk_) + chunk_->used;
    chunk_->used += n;
    return p;
  }
  template <class T>
  T* push(std::size_t size, Action action) {
    T* r = new (take(size)) T();
    r->action = action;
    r->previous = last;
    (last ? last->next : first) = r;
    last = r;
    return r;
  }

 public:
  Record *first = nullptr, *last = nullptr;
  Shadow* shadows = nullptr;
  Capture* captures = nullptr;
  std::size_t bytes = 0;
  index_t shadow_count = 0;
  bool out_of_memory = false, keep_numbers = false;

  Tape() = default;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;
  ~Tape();

  Shadow* shadow(index_t size) {
    auto* made = static_cast<Shadow*>(take(sizeof(Shadow)));
    *made = {{}, size, shadows, nullptr, {}, shadow_count++};
    return shadows = made;
  }
  // The shadow of a number, which needs no memory of its own.
  Shadow* number() {
    auto* made = static_cast<Shadow*>(take(sizeof(Shadow)));
    *made = {{}, 1, keep_numbers ? shadows : nullptr, nullptr, {}, shadow_count++};
    if (keep_numbers) shadows = made;
    return made;
  }
  Capture* capture(void* owner, const char* data, Shadow* of) {
    auto* made = static_cast<Capture*>(take(sizeof(Capture)));
    *made = {data, owner, captures, of, nullptr, nullptr, false};
    return captures = made;
  }

  // in += slope out, of one element each.
  void push_number(Shadow* out, index_t out_offset, bool creates, Shadow* in, index_t in_offset, double slope) {
    auto* r = push<Record>(sizeof(Record), Action::add);
    r->out = out, r->out_offset = out_offset, r->in = in, r->in_offset = in_offset;
    r->factor = slope, r->creates = creates;
  }
  // A record whose operands broadcast to these dimensions; null operands are not used.
  void push_arrays(Action action, const Operand* out, bool creates, const Operand* in, double factor, SlopeLoop slopes,
                   const Operand* a, const Operand* b, const Operand* c, int nd, const index_t* dims,
                   CurvatureLoop curvature = nullptr, std::uint8_t bends = 0);
  void push_indexed(Action action, Shadow* out, index_t out_offset, bool creates, Shadow* in, index_t in_offset,
                    const index_t* index, index_t n) {
    auto* r = push<IndexRecord>(sizeof(IndexRecord), action);
    r->out = out, r->in = in, r->out_offset = out_offset, r->in_offset = in_offset, r->creates = creates;
    r->index = index, r->n = n, r->writes = action == Action::assign;
  }
  void push_call(index_t place) { push<CallRecord>(sizeof(CallRecord), Action::call)->place = place; }

  // Makes a field of a shadow ready to be added to; false where memory is missing.
  static bool open(Shadow* s, Field field = ADJOINT, bool zeroed = true);
  static void release(Shadow* s, Field field = ADJOINT);
  void release_fields();
  // Runs the records from r on, backwards, up to a call, which it returns; null at the end.  `second` carries the
  // tangents of the adjoints along, after a sweep of the tangents.
  const Record* sweep(const Record* r, bool second = false);
  // Runs one record, which is no call, backwards, without tangents; false where memory is missing.
  static bool pull_adjoint(const Record& r);
  // Runs the records from r on, forwards, up to a call: the tangents of all values.
  const Record* push_tangents(const Record* r);
  // Remembers for what reads the present values of an array that its present tangents belong to them.
  static void attach(Capture* c);
};

// Memory of adjoints; the extension points these at its allocator.
extern void* (*allocate_adjoints)(std::size_t);
extern void (*free_adjoints)(void*);

}  // namespace dn::reverse
