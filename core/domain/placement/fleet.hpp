// core/domain/placement/fleet.hpp -- the candidates: every GPU group (GPUs of one model on one server) as one row of
// columns.
//
// Rows of one model lie together (a segment), best tie-break first, so that an offer looks only at the rows of its
// models and a scorer gets them as one dense table. A server that changes is rewritten in place; its rows' versions
// grow. Values copy: the planner works on its own copy.
#pragma once
#include "domain/placement/column_catalogue.hpp"
#include "domain/placement/demand.hpp"
#include "domain/placement/surroundings.hpp"

#include <array>
#include <compare>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace rigger::placement {

using RowIndex = uint32_t;
using ServerIndex = uint32_t;
inline constexpr uint32_t no_index = UINT32_MAX;

/// Order of rows of equal value: hourly cost asc, free GPUs asc, server name, model.
struct RowKey {
    uint64_t cost = 0, rest = 0;
    friend auto operator<=>(const RowKey &, const RowKey &) = default;
};

struct Segment {
    std::string model;
    RowIndex begin = 0, used = 0, capacity = 0; ///< begin and capacity are multiples of 64; rows [begin, begin + used)
    uint64_t table_id = 0;                      ///< changes whenever a column of the segment does
    bool sorted = true;                         ///< keys ascend with the rows
};

struct Card {
    uint32_t position = 0;   ///< in Server::gpus
    uint32_t milli_free = 0; ///< 0 unless verified, not reserved and not set aside
};

struct FleetServer {
    ServerPtr server;   ///< nullptr: gone
    uint64_t label = 0; ///< ascends with (name, id); gaps leave room for servers to come
    std::vector<RowIndex> rows;
};

/// What one placement took: handed back to release it.
struct Taken {
    RowIndex row = no_index;
    std::vector<uint32_t> cards; ///< positions in Server::gpus, ascending
};

class Fleet {
public:
    /// `table_ids` outlives the fleet and is shared by its copies: table ids are unique among them.
    Fleet(const Surroundings &around, double disk_margin_gb, double cost_floor, uint64_t *table_ids);

    /// Rewrites what is known of these servers and adds the rows written or vacated to `rows`. False: there is no room
    /// for new rows or no segment for a new model; then this object is of no more use and a new one must be built.
    [[nodiscard]] bool refresh(const Surroundings &around, const std::vector<ServerId> &servers,
                               std::vector<RowIndex> &rows);

    std::span<const Segment> segments() const noexcept { return segments_; }
    /// nullptr: no GPU of this model.
    const Segment *segment(std::string_view model) const;
    size_t row_capacity() const noexcept { return server_of_.size(); }
    size_t widest_segment() const noexcept { return widest_; }

    const FleetServer &server_at(ServerIndex index) const { return servers_[index]; }
    size_t server_count() const noexcept { return servers_.size(); }
    ServerIndex find_server(const ServerId &id) const;
    ServerIndex server_of(RowIndex row) const noexcept { return server_of_[row]; }
    const Server &server(RowIndex row) const noexcept { return *servers_[server_of_[row]].server; }
    uint32_t segment_of(RowIndex row) const noexcept { return model_[row]; }
    const std::string &model_of(RowIndex row) const noexcept { return segments_[model_[row]].model; }
    /// By model, then key: unlike the rows' own, an order that does not depend on how the fleet came to be.
    void order(std::vector<RowIndex> &rows) const;
    /// Equal names, equal codes; never 0.
    static int64_t validator_code(std::string_view name) noexcept;
    const RowKey &key(RowIndex row) const noexcept { return key_[row]; }
    uint32_t version(RowIndex row) const noexcept { return version_[row]; }
    double value(CandidateColumn column, RowIndex row) const noexcept { return f64_[static_cast<size_t>(column)][row]; }
    std::span<const Card> cards(RowIndex row) const noexcept {
        return {cards_.data() + card_begin_[row], card_count_[row]};
    }

    /// Start of a column's values from `row` on.
    const void *column(CandidateColumn column, RowIndex row) const noexcept;

    bool fits(const Demand &demand, RowIndex row) const noexcept {
        return (gate_[row] & demand.gate_mask) == demand.gate_want && f64_[0][row] >= demand.whole_gpus &&
               share_[row] >= demand.share_milli && disk_room_[row] >= demand.disk_gb &&
               cpu_room_[row] >= demand.cpu_milli && memory_room_[row] >= demand.memory_mib &&
               (demand.validator == 0 || validator_[row] == 0 || validator_[row] == demand.validator);
    }
    /// fits() for a whole segment: bit i of words says whether row begin + i fits. words holds round_up_rows(used) / 64
    /// words.
    void mask(const Demand &demand, const Segment &segment, uint64_t *words) const noexcept;

    struct Room {
        int64_t gate, validator;
        double whole_gpus, share_milli, disk_gb, cpu_milli, memory_mib; ///< infinite: unknown, not compared
    };
    Room room(RowIndex row) const noexcept;

    /// Takes the first wholly free GPUs by id or, for a share, the GPU that it leaves least room on. Precondition:
    /// fits().
    Taken take(const Demand &demand, RowIndex row);
    void release(const Demand &demand, const Taken &taken);
    /// Takes just these cards, which have the room: the opposite of release().
    void hold(const Demand &demand, const Taken &taken);
    /// Counts the server's rows as changed, so that scores kept for them are stale.
    void outdate(RowIndex row);

private:
    struct Group; ///< one row before it has a place

    std::vector<Group> groups_of(const Surroundings &around, const Server &server) const;
    uint64_t label_for(const Server &server) const; ///< 0: no gap left
    bool place_new(ServerIndex server, const std::vector<Group> &groups, std::vector<RowIndex> &rows);
    void write(RowIndex row, ServerIndex server, const Group &group);
    void vacate(RowIndex row);
    void set_gate(RowIndex row, int64_t gate, int64_t validator);
    void count_cards(RowIndex row);
    void settle(const Demand &demand, const Taken &taken, int sign);
    void count_server(ServerIndex server, const Demand &demand, double sign);
    double &cell(CandidateColumn column, RowIndex row) { return f64_[static_cast<size_t>(column)][row]; }

    double disk_margin_gb_, cost_floor_;
    uint64_t *table_ids_;
    size_t widest_ = 0;
    std::vector<Segment> segments_;
    std::unordered_map<std::string, uint32_t> models_;
    std::vector<FleetServer> servers_;
    std::unordered_map<ServerId, ServerIndex> server_index_;
    std::vector<Card> cards_;

    std::array<Column<double>, candidate_f64_columns> f64_;
    Column<uint32_t> model_, node_;
    Column<int64_t> gate_, validator_;
    /// One bit per row, for whole blocks at once: closed to automatic placement, closed to listings, TEE, pledged to a
    /// validator.
    std::vector<uint64_t> closed_, shut_, tee_, pledged_;
    Column<double> share_, disk_room_, cpu_room_, memory_room_;
    std::vector<RowKey> key_;
    std::vector<uint32_t> server_of_, version_, card_begin_, card_count_;
};

} // namespace rigger::placement
