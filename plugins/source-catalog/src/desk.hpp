// desk.hpp -- the state of a catalogue and everything that changes it: files, replay, time and the host's requests.
//
// Any thread; one mutex, never held while a file is read or parsed. Times come from the host's clock.
#pragma once
#include "config.hpp"
#include "ledger.hpp"
#include "market_files.hpp"
#include "replay.hpp"

#include <rigger/sdk/host.hpp>
#include <rigger/sdk/source.hpp>

#include <map>
#include <mutex>

namespace catalog {

/// What one watch has told the host so far.
struct Cursor {
    bool listed = false; ///< the offers were listed in full
    bool instances_listed = false;
    bool stale = false;                      ///< LOST was said
    std::uint64_t market = 0, instances = 0; ///< generations seen
    std::uint64_t sequence = 0;              ///< last event handed over
    std::uint64_t fresh_ns = 0;              ///< when FRESH was said last
    struct Offer {
        size_t hash, place; ///< of the document; in the order in which the host knows the offers
    };
    std::map<std::string, Offer> offers;
    size_t next_place = 0; ///< of an offer that the host does not know
    std::map<std::string, size_t> instance_hash;
};

/// What to tell it next, in this order.
struct Telling {
    struct Item {
        enum What { put, remove, mark } what;
        const char *kind; ///< "offer" or "instance"
        std::string id, document;
        int32_t number = 0;
    };
    std::vector<Item> items;
    std::vector<Event> events;
    std::optional<std::uint64_t> checkpoint;
};

class Desk {
public:
    Desk(rig::Host host, Config config);

    /// What is wrong with the files. Before open().
    rig::Status check();

    /// Earlier records, the replay and the files. Files that cannot be read are no error here: the market is unknown
    /// until they can.
    rig::Status open();

    /// Looks at the files when it is time, plays the replay, lets time pass for instances.
    void work();

    /// A new watch that has everything up to `sequence`.
    void resume(Cursor &cursor, std::uint64_t sequence);
    Telling tell(Cursor &cursor);
    void confirmed(std::uint64_t sequence);

    rig::Result<std::string> claim(std::string_view claim_id, std::string_view offer_id, std::string_view request);
    rig::Result<std::string> render(std::string_view request) const;
    rig::Result<std::string> announce(std::string_view deployment);
    rig::Status release(std::string_view request);

    /// Why the market on hand is not what the files say now; empty: it is.
    std::string stale_because() const;

private:
    void take(rig::Result<Items> items);
    void accept(Items items);
    void rebuild(Changes &changes);
    void set_stale(const std::string &why);
    void look_at_files();
    void play_due();
    rig::Status commit(Changes changes, const Ledger::Position *position = nullptr);
    Event market_event(const char *type, const std::string &key, std::string data) const;
    Event replay_event(WallNs started, const std::string &key, const char *type, const std::string &data) const;
    bool in_order(const Cursor &cursor) const;
    void tell_offers(Cursor &cursor, Telling &telling) const;
    void tell_instances(Cursor &cursor, Telling &telling) const;

    const rig::Host host_;
    const Config config_;

    std::mutex files_mutex_; ///< guards files_ and next_look_ns_; taken before mutex_
    MarketFiles files_;
    std::uint64_t next_look_ns_ = 0;

    mutable std::mutex mutex_; ///< guards everything below
    Validator validator_;
    Ledger ledger_;
    std::vector<ReplayStep> replay_;
    std::optional<Items> base_;      ///< as the files say
    std::optional<Items> suspected_; ///< a market that shrank too much to be believed at once
    std::uint64_t suspected_ns_ = 0;
    MarketPtr market_; ///< base_ with the replay's changes
    std::string stale_;
    std::uint64_t market_generation_ = 0, instance_generation_ = 1;
};

} // namespace catalog
