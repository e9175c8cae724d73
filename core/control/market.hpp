// core/control/market.hpp -- what sources say: offers, instances, marks, events.
#pragma once
#include "control/turn.hpp"

namespace rigger::market {

void on_offer(Turn &turn, const OfferPut &message);
void on_instance(Turn &turn, const InstancePut &message);
void on_removed(Turn &turn, const ItemRemoved &message);
void on_malformed(Turn &turn, const ItemMalformed &message);
void on_mark(Turn &turn, const SourceMark &message);
/// Journalled in the same transaction as what it causes; an id that was seen is dropped.
void on_event(Turn &turn, const SourceEvent &message);
/// An event whose journal entry was found unhandled at start.
void replay_event(Turn &turn, const JournalEntry &entry);
void attach(Turn &turn, const SourceName &source);
void detach(Turn &turn, const SourceName &source);
void on_watch_ended(Turn &turn, const WatchEnded &message);

/// By (source, ordinal), attached sources only; shares with `last` what does not differ.
SharedList<OfferPtr> all_offers(State &state, const SharedList<OfferPtr> &last);

/// Forgets the stored row of an offer. conflict: deployments of it live, or the market lists it.
Status forget_offer(Turn &turn, const SourceName &source, const OfferId &offer);

} // namespace rigger::market
