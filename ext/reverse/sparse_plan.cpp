// Makes the plan of a sparse Jacobian or Hessian: which coefficients there are, and how they flow.
#include <array>
#include <map>
#include <numeric>

#include "reverse/sparse.h"

namespace dn::reverse {

std::vector<Edge> edges_of(const Recording& f) {
  std::vector<Edge> edges;
  std::size_t local = 0;
  for (const Record* r = f.tape->first; r; r = r->next) {
    if (r->action != Action::call) {
      edges.push_back({r, nullptr});
      continue;
    }
    const index_t call = static_cast<const CallRecord*>(r)->place;
    for (; local < f.locals.size() && f.locals[local].call == call; ++local) edges.push_back({r, &f.locals[local]});
  }
  return edges;
}

namespace {

using index_v = std::vector<index_t>;

std::size_t at(index_t i) { return static_cast<std::size_t>(i); }

bool reads_operands(const Record& r) { return r.action == Action::product || r.action == Action::slopes; }

const Shadow* shadow_of(const Source& s) { return s.capture ? s.capture->shadow : s.variable; }

Shadow* out_of(const Edge& e) { return e.local ? e.local->out : e.record->out; }
Shadow* in_of(const Edge& e) { return e.local ? e.local->in : e.record->in; }

// Calls f(from, n) for all that a plan depends on, as numbers.
template <class F>
void each_part_of_key(const Recording& f, F part) {
  const auto put = [&part](std::initializer_list<index_t> numbers) {
    part(numbers.begin(), static_cast<index_t>(numbers.size()));
  };
  const auto append = [&](const index_t* from, index_t n) {
    put({n});
    part(from, n);
  };
  put({f.columns, f.second, f.result ? f.result->place : -1, f.tape->shadow_count});
  append(f.result_slots, f.rows);
  for (const Seed& seed : f.seeds) {
    put({seed.shadow->place});
    append(seed.column, seed.shadow->size);
  }
  for (const Edge& e : edges_of(f)) {
    const Record& r = *e.record;
    const Shadow* in = in_of(e);
    put({static_cast<index_t>(r.action), r.axes, out_of(e)->place, in ? in->place : -1});
    if (e.local) {
      append(e.local->out_slot, e.local->n);
      append(e.local->in_slot, e.local->n);
      continue;
    }
    put({r.out_offset, r.in_offset, r.creates});
    if (r.axes != 0) {
      const auto& a = static_cast<const ArrayRecord&>(r);
      for (int i = 0; i < a.axes; ++i) {
        put({a.axis[i].n});
        part(a.axis[i].step, ROLES);
      }
      for (const Source& s : a.source) {
        const Shadow* shadow = shadow_of(s);
        put({shadow ? shadow->place : -1, s.capture != nullptr, s.offset});
      }
      put({a.bends});
    } else if (r.action != Action::add) {
      append(static_cast<const IndexRecord&>(r).index, static_cast<const IndexRecord&>(r).n);
    }
  }
}

// Calls f(out slot, in slot, element) for each element that an edge maps; the in slot is -1 for values without adjoints.
template <class F>
void each_link(const Edge& e, F f) {
  if (e.local) {
    for (index_t i = 0; i < e.local->n; ++i) f(e.local->out_slot[i], e.local->in_slot[i], i);
    return;
  }
  const Record& r = *e.record;
  if (r.axes != 0) {
    const bool reads = r.in != nullptr;
    each_element(static_cast<const ArrayRecord&>(r),
                 [&](const index_t* at, index_t element) { f(at[OUT], reads ? at[IN] : -1, element); });
  } else if (r.action == Action::add) {
    f(r.out_offset, r.in_offset, index_t{0});
  } else {
    const auto& x = static_cast<const IndexRecord&>(r);
    const bool gathers = r.action == Action::gather;
    for (index_t i = 0; i < x.n; ++i)
      if (gathers && x.index[i] >= 0) f(r.out_offset + i, r.in_offset + x.index[i], i);
      else if (!gathers) f(r.out_offset + x.index[i], r.in ? r.in_offset + i : -1, i);
  }
}

// Whether one number is the slope of all elements.
bool is_uniform(const Edge& e) {
  return !e.local && (e.record->action == Action::add || e.record->action == Action::scale ||
                      e.record->action == Action::gather || e.record->action == Action::assign);
}

// One coefficient's way, before its target has a place: node of the target, and the planes by which flows are sorted.
struct Way {
  place_t node, element, source, other, plane;
};

bool extends(const Step& s, index_t n, index_t next) { return n == 1 || s.at(n) == next; }

void extend(Step& s, index_t n, index_t next) {
  if (n == 1) s.step = next - s.start;
}

// Appends a way to the last run, if it continues it, else to a new one.
void append(std::vector<Run>& runs, const Single& x) {
  if (!runs.empty()) {
    Run& r = runs.back();
    if (extends(r.target, r.n, x.target) && extends(r.element, r.n, x.element) && extends(r.source, r.n, x.source) &&
        extends(r.other, r.n, x.other)) {
      extend(r.target, r.n, x.target), extend(r.element, r.n, x.element);
      extend(r.source, r.n, x.source), extend(r.other, r.n, x.other);
      ++r.n;
      return;
    }
  }
  runs.push_back({1, {x.target, 0}, {x.element, 0}, {x.source, 0}, {x.other, 0}});
}

// Runs that are short cost more than what they hold.
void shorten(std::vector<Run>& runs, std::vector<Single>& singles) {
  constexpr index_t SHORT = 4;
  std::vector<Run> kept;
  for (const Run& r : runs) {
    if (r.n >= SHORT) {
      kept.push_back(r);
      continue;
    }
    for (index_t i = 0; i < r.n; ++i)
      singles.push_back({static_cast<place_t>(r.target.at(i)), static_cast<place_t>(r.element.at(i)),
                         static_cast<place_t>(r.source.at(i)), static_cast<place_t>(r.other.at(i))});
  }
  runs.swap(kept);
  runs.shrink_to_fit();
}

// Sorts ways by plane; those of a plane keep their order.
void sort_by_plane(std::vector<Way>& ways) {
  place_t most = 0;
  for (const Way& w : ways) most = std::max(most, w.plane);
  if (most == 0) return;
  std::vector<std::size_t> start(at(most) + 2);
  for (const Way& w : ways) ++start[at(w.plane) + 1];
  std::partial_sum(start.begin(), start.end(), start.begin());
  std::vector<Way> sorted(ways.size());
  for (const Way& w : ways) sorted[start[at(w.plane)]++] = w;
  ways.swap(sorted);
}

struct Entry {
  place_t column, place;
};
struct Row {
  place_t start, n;
};
// What the planner knows of a shadow.
struct State {
  std::vector<Row> rows;  // by slot; none while nothing has flowed into it
  index_t last_use = -1;  // the edge
  bool needed = false;
  std::vector<std::pair<place_t, std::size_t>> blocks;
};
// A coefficient of a row that is being built, in a list; its value is a constant as long as that is negative.
struct Node {
  place_t column, next, constant, place;
  index_t row;
};
struct BuiltRow {
  index_t slot;
  place_t first, last, n;
  bool dead;  // overwritten by a record of its own group
};
struct ConstantKey {
  index_t edge;
  place_t source, base;
  bool operator==(const ConstantKey& k) const { return edge == k.edge && source == k.source && base == k.base; }
};
struct HashOfConstant {
  std::size_t operator()(const ConstantKey& k) const {
    return static_cast<std::size_t>(k.edge) * 1000003u ^ static_cast<std::size_t>(k.source) * 7919u ^
           static_cast<std::size_t>(k.base) * 31u;
  }
};

}  // namespace

class Planner {
  const Recording& f_;
  Plan& plan_;
  const std::vector<Edge> edges_;
  std::vector<State> states_;
  std::vector<Entry> entries_;
  std::unordered_map<ConstantKey, place_t, HashOfConstant> constants_;
  std::array<std::pair<ConstantKey, place_t>, 16> recent_{};  // those of `constants_` that were asked for last
  place_t last_constant_ = -1;                                // which is the derivative 1 of the variables
  std::multimap<std::size_t, place_t> free_;
  std::vector<index_v> dying_;
  std::unordered_map<std::uint64_t, place_t> triangle_;  // row << 32 | column -> place

  // the present group: records one after another that write the same shadow
  index_t group_ = 0;
  index_v group_of_, row_of_;  // by slot of its shadow: the last group that wrote one, and the row that it builds
  std::vector<Node> nodes_;
  std::vector<BuiltRow> built_;
  std::unordered_map<std::uint64_t, place_t> found_;  // nodes of long rows
  std::vector<Way> carried_;
  std::vector<Way> ways_;
  std::vector<char> assigns_;  // by node: whether a way has come that assigns

  State& state(const Shadow* s) { return states_[at(s->place)]; }
  static constexpr place_t LONG = 8;

 public:
  Planner(const Recording& f, Plan& plan) : f_(f), plan_(plan), edges_(edges_of(f)), states_(at(f.tape->shadow_count)) {
    find_needed();
    for (const Seed& seed : f.seeds) {
      State& s = state(seed.shadow);
      for (index_t i = 0; i < seed.shadow->size; ++i) {
        s.rows.push_back({static_cast<place_t>(entries_.size()), 1});
        entries_.push_back({static_cast<place_t>(seed.column[i]), -1});
      }
    }
    for (index_t e = 0; e < static_cast<index_t>(edges_.size());) {
      const index_t end = end_of_group(e);
      if (f_.second)
        for (index_t i = e; i < end; ++i) {
          add_terms(i);
          plan_.terms_of_[at(i) + 1] = static_cast<index_t>(plan_.terms_.size());
        }
      if (state(out_of(edges_[at(e)])).needed) build(e, end);
      for (; e < end; ++e) release(e);
    }
    plan_.constants = at(-last_constant_);
    plan_.columns = f_.columns;
    plan_.indptr.push_back(0);
    f_.second ? finish_hessian() : finish_jacobian();
  }

 private:
  // Which shadows need rows: those that f's result, or for second derivatives an operand of a slope, depends on.
  void find_needed() {
    if (!f_.second && f_.result) state(f_.result).needed = true;
    const auto use = [this](const Shadow* s, std::size_t e) {
      if (s) state(s).last_use = std::max(state(s).last_use, static_cast<index_t>(e));
    };
    for (std::size_t e = edges_.size(); e-- > 0;) {
      const Edge& edge = edges_[e];
      use(out_of(edge), e);
      use(in_of(edge), e);
      if (f_.second && !edge.local && reads_operands(*edge.record)) {
        const auto& r = static_cast<const ArrayRecord&>(*edge.record);
        for (int k = 0; k < 2; ++k)
          if (has_terms(r, k)) state(r.in).needed = state(shadow_of(r.source[k])).needed = true;
      }
      if (in_of(edge) && state(out_of(edge)).needed) state(in_of(edge)).needed = true;
    }
    dying_.resize(edges_.size());
    for (std::size_t s = 0; s < states_.size(); ++s)
      if (states_[s].last_use >= 0) dying_[at(states_[s].last_use)].push_back(static_cast<index_t>(s));
    if (f_.second) plan_.terms_of_.assign(edges_.size() + 1, 0);
  }
  // Whether a record's slopes change with operand k.
  static bool has_terms(const ArrayRecord& r, int k) {
    return shadow_of(r.source[k]) && (r.action == Action::product ? k == 0 : (r.bends >> k & 1) != 0);
  }

  index_t end_of_group(index_t e) const {
    const Shadow* out = out_of(edges_[at(e)]);
    const auto alone = [&](index_t i) {
      const Edge& edge = edges_[at(i)];
      return in_of(edge) == out || edge.record->action == Action::scale;
    };
    index_t end = e + 1;
    if (alone(e)) return end;
    while (end < static_cast<index_t>(edges_.size()) && out_of(edges_[at(end)]) == out && !alone(end)) ++end;
    return end;
  }

  // ---- a group ----

  void build(index_t e, index_t end) {
    const Shadow* out = out_of(edges_[at(e)]);
    State& s = state(out);
    ++group_;
    nodes_.clear(), built_.clear(), found_.clear(), carried_.clear(), assigns_.clear();
    s.rows.resize(at(out->size));
    if (group_of_.size() < at(out->size)) {
      group_of_.resize(at(out->size));
      row_of_.resize(at(out->size));
    }
    std::vector<std::pair<index_t, std::vector<Way>>> ways;
    for (index_t i = e; i < end; ++i) {
      ways_.clear();
      take(i, s);
      if (!ways_.empty()) ways.emplace_back(i, std::move(ways_));
    }
    place(s);
    emit(-1, carried_);
    for (auto& [edge, of_edge] : ways) emit(edge, of_edge);
  }

  // Takes the links of one edge into the rows that are being built.
  void take(index_t i, State& s) {
    const Edge& edge = edges_[at(i)];
    const Shadow* in = in_of(edge);
    const Action action = edge.record->action;
    const bool uniform = is_uniform(edge), clears = action == Action::zero || action == Action::assign;
    if (action == Action::scale) {
      each_link(edge, [&](index_t slot, index_t, index_t) {
        const Row old = s.rows[at(slot)];
        index_t row = row_of(s, slot, true);
        for (index_t j = 0; j < old.n; ++j)
          insert(row, entries_[at(old.start + j)], i, 0, static_cast<place_t>(j), true);
      });
      return;
    }
    static const std::vector<Row> none;
    const std::vector<Row>& rows = in ? state(in).rows : none;
    std::size_t count = 0;
    if (!rows.empty())
      each_link(edge, [&](index_t, index_t from, index_t) { count += from < 0 ? 0 : at(rows[at(from)].n); });
    if (count > MOST_OF_ONE || nodes_.size() + entries_.size() + count > MOST_OF_ALL) throw TooDense();
    if (!uniform) ways_.reserve(count);
    each_link(edge, [&](index_t slot, index_t from, index_t element) {
      const index_t row = row_of(s, slot, clears);
      if (from < 0 || rows.empty()) return;
      const Row r = rows[at(from)];
      for (index_t j = 0; j < r.n; ++j)
        insert(row, entries_[at(r.start + j)], i, static_cast<place_t>(element), static_cast<place_t>(j), uniform);
    });
  }

  // The row that the group builds for a slot: at first the old one, unless the record clears it.
  index_t row_of(State& s, index_t slot, bool clears) {
    const bool known = group_of_[at(slot)] == group_;
    if (known && !clears) return row_of_[at(slot)];
    if (known) built_[at(row_of_[at(slot)])].dead = true;
    group_of_[at(slot)] = group_;
    const index_t row = row_of_[at(slot)] = static_cast<index_t>(built_.size());
    built_.push_back({slot, -1, -1, 0, false});
    if (known || clears) return row;
    const Row old = s.rows[at(slot)];
    for (index_t j = 0; j < old.n; ++j) {
      const Entry e = entries_[at(old.start + j)];
      const place_t node = new_node(row, e.column);
      if (e.place < 0) nodes_[at(node)].constant = e.place;
      else carried_.push_back({node, 0, e.place, 0, static_cast<place_t>(j)}), assigns_[at(node)] = 1;
    }
    return row;
  }

  place_t new_node(index_t row, place_t column) {
    const auto node = static_cast<place_t>(nodes_.size());
    nodes_.push_back({column, -1, 0, 0, row});
    assigns_.push_back(0);
    BuiltRow& r = built_[at(row)];
    (r.n ? nodes_[at(r.last)].next : r.first) = node;
    r.last = node;
    if (++r.n > LONG) {
      if (r.n == LONG + 1)
        for (place_t k = r.first; k >= 0; k = nodes_[at(k)].next) found_.emplace(key(row, nodes_[at(k)].column), k);
      else found_.emplace(key(row, column), node);
    }
    return node;
  }
  static std::uint64_t key(index_t row, place_t column) {
    return static_cast<std::uint64_t>(row) << 32 | static_cast<std::uint32_t>(column);
  }
  place_t find(index_t row, place_t column) const {
    const BuiltRow& r = built_[at(row)];
    if (r.n > LONG) {
      const auto it = found_.find(key(row, column));
      return it == found_.end() ? -1 : it->second;
    }
    for (place_t k = r.first; k >= 0; k = nodes_[at(k)].next)
      if (nodes_[at(k)].column == column) return k;
    return -1;
  }

  // Adds slope times the coefficient of an entry to a row.
  void insert(index_t row, Entry e, index_t edge, place_t element, place_t plane, bool uniform) {
    place_t node = find(row, e.column);
    const bool made = node < 0, constant = uniform && e.place < 0;
    if (made) node = new_node(row, e.column);
    Node& n = nodes_[at(node)];
    if (constant && (made || n.constant < 0)) {
      n.constant = constant_of(edge, e.place, n.constant);
      return;
    }
    if (n.constant < 0) {
      carried_.push_back({node, 0, n.constant, 0, plane});
      assigns_[at(node)] = 1;
      n.constant = 0;
    }
    ways_.push_back({node, element, e.place, 0, plane});
  }

  place_t constant_of(index_t edge, place_t source, place_t base) {
    const ConstantKey wanted{edge, source, base};
    auto& [key, place] = recent_[static_cast<std::size_t>(source ^ base) % recent_.size()];
    if (!(key == wanted)) {
      const auto [it, made] = constants_.emplace(wanted, last_constant_ - 1);
      if (made) plan_.constant_flows_.push_back({--last_constant_, base, source, edge});
      key = wanted, place = it->second;
    }
    return place;
  }

  // Gives the coefficients of the rows that are left their places, plane by plane.
  void place(State& s) {
    std::vector<place_t> cursor;
    std::size_t count = 0;
    for (const BuiltRow& r : built_) {
      if (r.dead) continue;
      if (entries_.size() + at(r.n) > MOST_OF_ALL) throw TooDense();
      s.rows[at(r.slot)] = {static_cast<place_t>(entries_.size()), r.n};
      entries_.resize(entries_.size() + at(r.n));
      if (r.n) cursor.push_back(r.first);
      for (place_t k = r.first; k >= 0; k = nodes_[at(k)].next) count += nodes_[at(k)].constant >= 0;
    }
    place_t next = count ? allocate(s, count) : 0;
    for (index_t plane = 0; !cursor.empty(); ++plane) {
      std::size_t left = 0;
      for (const place_t node : cursor) {
        Node& n = nodes_[at(node)];
        n.place = n.constant < 0 ? n.constant : next++;
        entries_[at(s.rows[at(built_[at(n.row)].slot)].start + plane)] = {n.column, n.place};
        if (n.next >= 0) cursor[left++] = n.next;
      }
      cursor.resize(left);
    }
  }

  place_t allocate(State& s, std::size_t n) {
    const auto it = free_.lower_bound(n);
    if (it != free_.end() && it->first <= 2 * n) {
      s.blocks.emplace_back(it->second, it->first);
      free_.erase(it);
    } else {
      if (plan_.places + n > MOST_OF_ALL) throw TooDense();
      s.blocks.emplace_back(static_cast<place_t>(plan_.places), n);
      plan_.places += n;
    }
    return s.blocks.back().first;
  }
  // After their last edge shadows leave their coefficients' memory to others; Hessians read all at the end.
  void release(index_t e) {
    if (f_.second) return;
    for (const index_t place : dying_[at(e)]) {
      State& s = states_[at(place)];
      if (f_.result && f_.result->place == place) continue;
      for (const auto& [start, n] : s.blocks) free_.emplace(n, start);
      s = State();
    }
  }

  void emit(index_t edge, std::vector<Way>& ways) {
    sort_by_plane(ways);
    Flow flow{edge, 0, {}, {}, {}, {}};
    for (const Way& w : ways) {
      const Node& n = nodes_[at(w.node)];
      if (built_[at(n.row)].dead) continue;
      const bool assigns = edge < 0 || !assigns_[at(w.node)];
      assigns_[at(w.node)] = 1;
      append(assigns ? flow.assigned : flow.added, {n.place, w.element, w.source, 0});
    }
    keep(flow, plan_.flows_);
  }
  static void keep(Flow& flow, std::vector<Flow>& flows) {
    shorten(flow.assigned, flow.assigned_singly);
    shorten(flow.added, flow.added_singly);
    if (!flow.assigned.empty() || !flow.added.empty() || !flow.assigned_singly.empty() || !flow.added_singly.empty())
      flows.push_back(std::move(flow));
  }

  // ---- second derivatives ----

  void add_terms(index_t e) {
    const Edge& edge = edges_[at(e)];
    if (edge.local || !reads_operands(*edge.record)) return;
    const auto& r = static_cast<const ArrayRecord&>(*edge.record);
    for (int k = 0; k < 2; ++k) {
      if (!has_terms(r, k)) continue;
      const std::vector<Row>&rows = state(r.in).rows, &others = state(shadow_of(r.source[k])).rows;
      if (rows.empty() || others.empty()) continue;
      std::vector<Way> terms;
      each_element(r, [&](const index_t* slot, index_t element) {
        const Row x = rows[at(slot[IN])], y = others[at(slot[A + k])];
        for (index_t i = 0; i < x.n; ++i)
          for (index_t j = 0; j < y.n; ++j) {
            const Entry u = entries_[at(x.start + i)], v = entries_[at(y.start + j)];
            if (u.column < v.column) continue;  // the mirrored record has it
            if (terms.size() > MOST_OF_ONE || triangle_.size() > MOST_OF_ONE) throw TooDense();
            const auto made = triangle_.emplace(key(u.column, v.column), static_cast<place_t>(triangle_.size()));
            terms.push_back({made.first->second, static_cast<place_t>(element), u.place, v.place,
                             static_cast<place_t>(std::min<index_t>(i * y.n + j, 1 << 20))});
          }
      });
      sort_by_plane(terms);
      Flow flow{e, k, {}, {}, {}, {}};
      for (const Way& w : terms) append(flow.added, {w.node, w.element, w.source, w.other});
      keep(flow, plan_.terms_);
    }
  }

  // ---- the matrix ----

  // Appends a row's elements, columns and places, to the matrix.
  void append_row(std::vector<Entry>& row) {
    std::sort(row.begin(), row.end(), [](const Entry& a, const Entry& b) { return a.column < b.column; });
    for (const Entry& e : row) {
      plan_.indices.push_back(e.column);
      plan_.elements_.push_back(e.place);
    }
    plan_.indptr.push_back(static_cast<std::int32_t>(plan_.indices.size()));
  }
  void finish_jacobian() {
    plan_.rows = f_.rows;
    std::vector<Entry> row;
    const std::vector<Row>* rows = f_.result ? &state(f_.result).rows : nullptr;
    for (index_t i = 0; i < f_.rows; ++i) {
      row.clear();
      if (rows && !rows->empty()) {
        const Row r = (*rows)[at(f_.result_slots[i])];
        if (plan_.indices.size() + at(r.n) > MOST_OF_ALL) throw TooDense();
        row.assign(entries_.begin() + r.start, entries_.begin() + r.start + r.n);
      }
      append_row(row);
    }
  }
  void finish_hessian() {
    plan_.rows = f_.columns;
    plan_.triangle = triangle_.size();
    std::vector<std::vector<Entry>> rows(at(f_.columns));
    for (const auto& [place_of, number] : triangle_) {
      const auto row = static_cast<place_t>(place_of >> 32), column = static_cast<place_t>(place_of & 0xffffffffu);
      rows[at(row)].push_back({column, number});
      if (row != column) rows[at(column)].push_back({row, number});
    }
    for (auto& row : rows) append_row(row);
  }
};

Plan::Plan(const Recording& f) {
  each_part_of_key(f, [this](const index_t* from, index_t n) { key_.insert(key_.end(), from, from + n); });
  Planner(f, *this);
}

bool Plan::fits(const Recording& f) const {
  bool same = true;
  std::size_t place = 0;
  each_part_of_key(f, [&](const index_t* from, index_t n) {
    same = same && place + at(n) <= key_.size() && std::equal(from, from + n, key_.data() + place);
    place += at(n);
  });
  return same && place == key_.size();
}

}  // namespace dn::reverse
