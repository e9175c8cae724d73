#include "domain/placement/fleet.hpp"

#include "domain/placement/block_mask.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

namespace rigger::placement {
namespace {

constexpr double unlimited = std::numeric_limits<double>::infinity();
constexpr unsigned label_bits = 48;

uint64_t ordered_bits(double x) {
    const auto bits = std::bit_cast<uint64_t>(x);
    return (bits >> 63) != 0 ? ~bits : bits | (uint64_t{1} << 63);
}

double room_or_unlimited(double known_room) { return known_room < 0 ? unlimited : known_room; }

auto name_order(const Server &server) { return std::tie(server.name, server.id); }

/// Thousandths of each GPU that deployments hold, in the order of `gpus`.
std::vector<uint32_t> milli_used(const Surroundings &around, const Server &server) {
    std::vector<uint32_t> used(server.gpus.size(), 0);
    std::vector<bool> explained(server.gpus.size(), false);
    for (const DeploymentPtr &deployment : around.on_server(server.id)) {
        const auto each = static_cast<uint32_t>(deployment->gpu_milli);
        for (size_t i = 0; i < server.gpus.size(); ++i) {
            const Gpu &gpu = server.gpus[i];
            if (std::find(deployment->gpus.begin(), deployment->gpus.end(), gpu.id) == deployment->gpus.end()) continue;
            used[i] += each;
            if (gpu.deployment == deployment->id || each < 1000) explained[i] = true;
        }
    }
    // An allocation whose deployment is not known to hold this GPU still holds all of it.
    for (size_t i = 0; i < used.size(); ++i)
        if (!server.gpus[i].deployment.empty() && !explained[i]) used[i] = 1000;
    return used;
}

} // namespace

struct Fleet::Group {
    std::string model;
    std::vector<Card> cards; ///< by GPU id
    int64_t gate = 0, validator = 0;
    double cost = 0, price = 0, disk_free = -1, cpu_free = -1, memory_free = -1, failures = 0;
    uint64_t free = 0;
    RowKey key;
};

int64_t Fleet::validator_code(std::string_view name) noexcept {
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return static_cast<int64_t>(hash | 1);
}

std::vector<Fleet::Group> Fleet::groups_of(const Surroundings &around, const Server &server) const {
    Group common;
    if (server.locked) common.gate |= gate_locked;
    if (!server.ready) common.gate |= gate_not_ready;
    if (!around.cluster_known(server.cluster)) common.gate |= gate_unknown;
    if (server.tee) common.gate |= gate_tee;
    common.validator = server.validator.empty() ? 0 : validator_code(server.validator);
    common.cost = std::isnan(server.hourly_cost) ? unlimited : server.hourly_cost;
    common.price = server.hourly_cost >= cost_floor_ ? server.hourly_cost : cost_floor_;
    common.failures = around.marks_on(server.id);
    double disk = 0, cpu = 0, memory = 0;
    for (const DeploymentPtr &deployment : around.on_server(server.id)) {
        const OfferPtr offer = around.offer(deployment->offer);
        if (!offer) continue;
        if (deployment->stub()) disk += offer->needs.disk_gb; // its pod does not ask for disk yet
        cpu += offer->needs.cpu_milli;
        memory += static_cast<double>(offer->needs.memory_mib);
    }
    if (server.disk_total_gb > 0)
        common.disk_free = std::max(0.0, server.disk_total_gb - server.disk_used_gb - disk - disk_margin_gb_);
    if (const auto capacity = around.capacity(server)) {
        if (capacity->cpu_milli > 0) common.cpu_free = std::max(0.0, capacity->cpu_milli - cpu);
        if (capacity->memory_mib > 0)
            common.memory_free = std::max(0.0, static_cast<double>(capacity->memory_mib) - memory);
    }

    const std::vector<uint32_t> used = milli_used(around, server);
    std::vector<uint32_t> order(server.gpus.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](uint32_t a, uint32_t b) { return server.gpus[a].id < server.gpus[b].id; });
    std::map<std::string_view, Group> by_model;
    for (const uint32_t i : order) {
        const Gpu &gpu = server.gpus[i];
        const auto [at, fresh] = by_model.try_emplace(gpu.model, common);
        const uint32_t milli =
            gpu.verified && !gpu.reserved && !gpu.set_aside ? 1000 - std::min<uint32_t>(1000, used[i]) : 0;
        at->second.cards.push_back({i, milli});
        at->second.free += milli == 1000;
    }
    std::vector<Group> groups;
    for (auto &[model, group] : by_model) {
        group.model = model;
        groups.push_back(std::move(group));
    }
    return groups;
}

Fleet::Fleet(const Surroundings &around, double disk_margin_gb, double cost_floor, uint64_t *table_ids)
    : disk_margin_gb_(disk_margin_gb), cost_floor_(cost_floor), table_ids_(table_ids) {
    for (const auto &[id, server] : around.servers()) servers_.push_back({server, 0, {}});
    std::sort(servers_.begin(), servers_.end(),
              [](const FleetServer &a, const FleetServer &b) { return name_order(*a.server) < name_order(*b.server); });
    const uint64_t gap = (uint64_t{1} << label_bits) / (servers_.size() + 2);
    std::map<std::string, std::vector<std::pair<ServerIndex, Group>>> by_model;
    for (ServerIndex i = 0; i < servers_.size(); ++i) {
        servers_[i].label = gap * (i + 1);
        server_index_.emplace(servers_[i].server->id, i);
        for (Group &group : groups_of(around, *servers_[i].server)) {
            group.key = {ordered_bits(group.cost),
                         std::min<uint64_t>(group.free, 0xffff) << label_bits | servers_[i].label};
            by_model[group.model].emplace_back(i, std::move(group));
        }
    }
    RowIndex rows = 0;
    for (auto &[model, groups] : by_model) {
        const auto used = static_cast<RowIndex>(groups.size());
        const auto capacity = static_cast<RowIndex>(round_up_rows(used + used / 16 + 4));
        models_.emplace(model, static_cast<uint32_t>(segments_.size()));
        segments_.push_back({model, rows, used, capacity, ++*table_ids_, true});
        rows += capacity;
        widest_ = std::max<size_t>(widest_, capacity);
    }
    for (auto &column : f64_) column.assign(rows, 0);
    for (auto *column : {&share_, &disk_room_, &cpu_room_, &memory_room_}) column->assign(rows, 0);
    for (auto *column : {&model_, &node_}) column->assign(rows, 0);
    validator_.assign(rows, 0);
    gate_.assign(rows, gate_vacant);
    for (auto *plane : {&closed_, &shut_}) plane->assign(rows / block_rows, ~uint64_t{0});
    for (auto *plane : {&tee_, &pledged_}) plane->assign(rows / block_rows, 0);
    std::fill(f64_[static_cast<size_t>(CandidateColumn::node_price)].begin(),
              f64_[static_cast<size_t>(CandidateColumn::node_price)].end(), cost_floor_);
    key_.assign(rows, {});
    for (auto *column : {&server_of_, &version_, &card_begin_, &card_count_}) column->assign(rows, 0);
    for (auto &[model, groups] : by_model) {
        std::sort(groups.begin(), groups.end(),
                  [](const auto &a, const auto &b) { return a.second.key < b.second.key; });
        RowIndex row = segments_[models_.at(model)].begin;
        for (const auto &[server, group] : groups) {
            servers_[server].rows.push_back(row);
            write(row++, server, group);
        }
    }
    for (ServerIndex i = 0; i < servers_.size(); ++i) count_server(i, {}, 0);
}

const Segment *Fleet::segment(std::string_view model) const {
    const auto at = models_.find(std::string(model));
    return at == models_.end() ? nullptr : &segments_[at->second];
}

ServerIndex Fleet::find_server(const ServerId &id) const {
    const auto at = server_index_.find(id);
    return at == server_index_.end() ? no_index : at->second;
}

const void *Fleet::column(CandidateColumn column, RowIndex row) const noexcept {
    if (column == CandidateColumn::gpu_model) return model_.data() + row;
    if (column == CandidateColumn::node_index) return node_.data() + row;
    return f64_[static_cast<size_t>(column)].data() + row;
}

Fleet::Room Fleet::room(RowIndex row) const noexcept {
    return {gate_[row],     validator_[row],  value(CandidateColumn::gpu_free, row), share_[row], disk_room_[row],
            cpu_room_[row], memory_room_[row]};
}

void Fleet::mask(const Demand &demand, const Segment &segment, uint64_t *words) const noexcept {
    static_assert(block_rows == 64);
    const RowIndex begin = segment.begin, first_block = begin / static_cast<RowIndex>(block_rows);
    const auto blocks = static_cast<RowIndex>(round_up_rows(segment.used) / block_rows);
    const double *const free = f64_[static_cast<size_t>(CandidateColumn::gpu_free)].data() + begin;
    const bool listing = (demand.gate_mask & gate_not_ready) == 0;
    const uint64_t no_tee = (demand.gate_want & gate_tee) != 0 ? ~uint64_t{0} : 0;
    const std::pair<const Column<double> *, double> others[]{{&disk_room_, demand.disk_gb},
                                                             {&share_, demand.share_milli},
                                                             {&cpu_room_, demand.cpu_milli},
                                                             {&memory_room_, demand.memory_mib}};
    for (RowIndex block = 0; block < blocks; ++block) {
        const RowIndex at = block * static_cast<RowIndex>(block_rows), plane = first_block + block;
        uint64_t word = listing ? ~shut_[plane] : ~closed_[plane] & ~(tee_[plane] ^ no_tee);
        if (word != 0 && demand.whole_gpus > 0) word &= at_least(free + at, demand.whole_gpus);
        for (const auto &[room, wanted] : others)
            if (word != 0 && wanted > 0) word &= at_least(room->data() + begin + at, wanted);
        if (demand.validator != 0) {
            for (uint64_t pledged = word & pledged_[plane]; pledged != 0; pledged &= pledged - 1) {
                const auto j = static_cast<unsigned>(std::countr_zero(pledged));
                if (validator_[begin + at + j] != demand.validator) word &= ~(uint64_t{1} << j);
            }
        }
        words[block] = word;
    }
}

void Fleet::set_gate(RowIndex row, int64_t gate, int64_t validator) {
    const auto set = [row](std::vector<uint64_t> &plane, bool on) {
        const uint64_t bit = uint64_t{1} << row % block_rows;
        if (on) plane[row / block_rows] |= bit;
        else plane[row / block_rows] &= ~bit;
    };
    gate_[row] = gate;
    validator_[row] = validator;
    set(closed_, (gate & (gate_locked | gate_not_ready | gate_unknown | gate_vacant)) != 0);
    set(shut_, (gate & (gate_locked | gate_vacant)) != 0);
    set(tee_, (gate & gate_tee) != 0);
    set(pledged_, validator != 0);
}

void Fleet::write(RowIndex row, ServerIndex server, const Group &group) {
    if (group.cards.size() != card_count_[row]) {
        card_begin_[row] = static_cast<uint32_t>(cards_.size());
        card_count_[row] = static_cast<uint32_t>(group.cards.size());
        cards_.insert(cards_.end(), group.cards.begin(), group.cards.end());
    } else {
        std::copy(group.cards.begin(), group.cards.end(), cards_.begin() + card_begin_[row]);
    }
    const uint32_t code = models_.at(group.model);
    Segment &segment = segments_[code];
    server_of_[row] = server;
    model_[row] = code;
    node_[row] = server;
    set_gate(row, group.gate, group.validator);
    key_[row] = group.key;
    segment.sorted = segment.sorted && (row == segment.begin || key_[row - 1] < key_[row]) &&
                     (row + 1 >= segment.begin + segment.used || key_[row] < key_[row + 1] || version_[row + 1] == 0);
    disk_room_[row] = room_or_unlimited(group.disk_free);
    cpu_room_[row] = room_or_unlimited(group.cpu_free);
    memory_room_[row] = room_or_unlimited(group.memory_free);
    cell(CandidateColumn::gpu_total, row) = static_cast<double>(group.cards.size());
    cell(CandidateColumn::node_price, row) = group.price;
    cell(CandidateColumn::node_tee, row) = (group.gate & gate_tee) != 0;
    cell(CandidateColumn::node_locked, row) = (group.gate & gate_locked) != 0;
    cell(CandidateColumn::node_disk_free_gb, row) = group.disk_free;
    cell(CandidateColumn::node_cpu_free_milli, row) = group.cpu_free;
    cell(CandidateColumn::node_memory_free_mib, row) = group.memory_free;
    cell(CandidateColumn::node_failures, row) = group.failures;
    for (size_t card = group.cards.size(); card < card_columns; ++card)
        f64_[static_cast<size_t>(CandidateColumn::gpu_milli_0) + card][row] = 0;
    count_cards(row);
    ++version_[row];
}

void Fleet::vacate(RowIndex row) {
    set_gate(row, gate_vacant, 0);
    cell(CandidateColumn::gpu_free, row) = 0;
    cell(CandidateColumn::gpu_milli_free, row) = 0;
    for (size_t card = 0; card < card_columns; ++card)
        f64_[static_cast<size_t>(CandidateColumn::gpu_milli_0) + card][row] = 0;
    share_[row] = 0;
    ++version_[row];
    segments_[model_[row]].table_id = ++*table_ids_;
}

void Fleet::count_cards(RowIndex row) {
    double free = 0, milli = 0, largest = 0;
    size_t column = static_cast<size_t>(CandidateColumn::gpu_milli_0);
    for (const Card &card : cards(row)) {
        if (column < candidate_f64_columns) f64_[column++][row] = card.milli_free;
        free += card.milli_free == 1000;
        milli += card.milli_free;
        largest = std::max(largest, static_cast<double>(card.milli_free));
    }
    cell(CandidateColumn::gpu_free, row) = free;
    cell(CandidateColumn::gpu_milli_free, row) = milli;
    share_[row] = largest;
}

/// Brings the server's totals up to date and takes sign x demand off what is left of it.
void Fleet::count_server(ServerIndex server, const Demand &demand, double sign) {
    double free = 0, total = 0;
    for (const RowIndex row : servers_[server].rows) {
        free += value(CandidateColumn::gpu_free, row);
        total += value(CandidateColumn::gpu_total, row);
    }
    const auto lower = [sign](Column<double> &room, double &shown, RowIndex row, double amount) {
        if (shown < 0) return; // unknown
        room[row] -= sign * amount;
        shown = room[row];
    };
    for (const RowIndex row : servers_[server].rows) {
        cell(CandidateColumn::node_gpus_free, row) = free;
        cell(CandidateColumn::node_gpus_total, row) = total;
        lower(disk_room_, cell(CandidateColumn::node_disk_free_gb, row), row, demand.disk_gb);
        lower(cpu_room_, cell(CandidateColumn::node_cpu_free_milli, row), row, demand.cpu_milli);
        lower(memory_room_, cell(CandidateColumn::node_memory_free_mib, row), row, demand.memory_mib);
        segments_[model_[row]].table_id = ++*table_ids_;
    }
}

Taken Fleet::take(const Demand &demand, RowIndex row) {
    Taken taken{row, {}};
    Card *const first = cards_.data() + card_begin_[row], *const last = first + card_count_[row];
    if (demand.share_milli > 0) {
        Card *best = nullptr;
        for (Card *card = first; card != last; ++card)
            if (card->milli_free >= demand.share_milli && (!best || card->milli_free < best->milli_free)) best = card;
        best->milli_free -= static_cast<uint32_t>(demand.share_milli);
        taken.cards.push_back(best->position);
    } else {
        for (Card *card = first; card != last && static_cast<double>(taken.cards.size()) < demand.whole_gpus; ++card) {
            if (card->milli_free != 1000) continue;
            card->milli_free = 0;
            taken.cards.push_back(card->position);
        }
    }
    count_cards(row);
    count_server(server_of_[row], demand, 1);
    return taken;
}

void Fleet::order(std::vector<RowIndex> &rows) const {
    const auto place = [&](RowIndex row) { return std::tie(model_of(row), key(row)); };
    std::stable_sort(rows.begin(), rows.end(), [&](RowIndex a, RowIndex b) { return place(a) < place(b); });
}

void Fleet::release(const Demand &demand, const Taken &taken) { settle(demand, taken, -1); }
void Fleet::hold(const Demand &demand, const Taken &taken) { settle(demand, taken, 1); }

void Fleet::settle(const Demand &demand, const Taken &taken, int sign) {
    const auto each = static_cast<uint32_t>(demand.milli_each());
    Card *const first = cards_.data() + card_begin_[taken.row], *const last = first + card_count_[taken.row];
    for (const uint32_t position : taken.cards) {
        uint32_t &free =
            std::find_if(first, last, [position](const Card &card) { return card.position == position; })->milli_free;
        free = sign > 0 ? free - each : free + each;
    }
    count_cards(taken.row);
    count_server(server_of_[taken.row], demand, sign);
}

void Fleet::outdate(RowIndex row) {
    for (const RowIndex one : servers_[server_of_[row]].rows) ++version_[one];
}

uint64_t Fleet::label_for(const Server &server) const {
    uint64_t below = 0, above = uint64_t{1} << label_bits;
    for (const FleetServer &other : servers_) {
        if (!other.server) continue;
        if (name_order(*other.server) < name_order(server)) below = std::max(below, other.label);
        else above = std::min(above, other.label);
    }
    return above - below < 2 ? 0 : below + (above - below) / 2;
}

bool Fleet::place_new(ServerIndex server, const std::vector<Group> &groups, std::vector<RowIndex> &rows) {
    for (const Group &group : groups) {
        const auto at = models_.find(group.model);
        if (at == models_.end()) return false;
        Segment &segment = segments_[at->second];
        if (segment.used == segment.capacity) return false;
        const RowIndex row = segment.begin + segment.used++;
        segment.sorted = false;
        servers_[server].rows.push_back(row);
        write(row, server, group);
        rows.push_back(row);
    }
    return true;
}

bool Fleet::refresh(const Surroundings &around, const std::vector<ServerId> &servers, std::vector<RowIndex> &rows) {
    for (const ServerId &id : servers) {
        const ServerPtr now = around.server(id);
        ServerIndex index = find_server(id);
        if (!now && index == no_index) continue;
        if (index != no_index && (!now || now->name != servers_[index].server->name)) {
            for (const RowIndex row : servers_[index].rows) {
                vacate(row);
                rows.push_back(row);
            }
            servers_[index] = {};
            server_index_.erase(id);
            index = no_index;
        }
        if (!now) continue;
        if (index == no_index) {
            const uint64_t label = label_for(*now);
            if (label == 0) return false;
            index = static_cast<ServerIndex>(servers_.size());
            servers_.push_back({now, label, {}});
            server_index_.emplace(id, index);
        }
        FleetServer &entry = servers_[index];
        entry.server = now;
        std::vector<Group> groups = groups_of(around, *now);
        for (Group &group : groups)
            group.key = {ordered_bits(group.cost), std::min<uint64_t>(group.free, 0xffff) << label_bits | entry.label};
        const bool same_models =
            std::equal(groups.begin(), groups.end(), entry.rows.begin(), entry.rows.end(),
                       [&](const Group &group, RowIndex row) { return segments_[model_[row]].model == group.model; });
        if (same_models) {
            for (size_t i = 0; i < groups.size(); ++i) {
                write(entry.rows[i], index, groups[i]);
                rows.push_back(entry.rows[i]);
            }
        } else {
            for (const RowIndex row : entry.rows) {
                vacate(row);
                rows.push_back(row);
            }
            entry.rows.clear();
            if (!place_new(index, groups, rows)) return false;
        }
        count_server(index, {}, 0);
    }
    return true;
}

} // namespace rigger::placement
