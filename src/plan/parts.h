/* parts.h: what the files of the planner offer one another; private to the room. */
#ifndef SLUICE_PLAN_PARTS_H
#define SLUICE_PLAN_PARTS_H

#include "state.h"

/* adapt.c */
/* "Too many": never more than this many for a while, then a few more step by step. */
void soften(struct provider *v, unsigned to, struct now now);
void soften_by_message(struct provider *v, const struct reply *r, struct now now);
void provider_adapt(struct provider *v, struct now now); /* time has passed */

/* gate.c */
void gate_init(struct gate *g, const char *kind, const char *name, const struct cap *cap);
void gate_change(struct gate *g, const struct cap *cap);
void gate_done(struct gate *g);
bool gate_has_place(const struct gate *g);
/* The same for one provider: a place may be kept for another. */
bool gate_has_place_for(const struct plan *p, const struct gate *g, const struct provider *v);
void gate_enter(struct gate *g, struct provider *v);
/* The provider waits for a place, and is looked at when there is one. */
void gate_wait(struct plan *p, struct gate *g, struct provider *v, struct now now);
void gate_leave(struct plan *p, struct gate *g, struct provider *v); /* one place is free */
void gates_forget(struct plan *p, const struct provider *v);
/* The provider was held up by its rate: when to look again (mono ms), one after the other. */
int64_t gate_retry_ms(struct gate *g, struct provider *v, int64_t at_ms, struct now now);
/* Somebody else waits for a place. */
bool gate_is_wanted(const struct gate *g, const struct provider *but, struct now now);
/* The caps of a job: its own and its client's; at most 2. */
void gates_change(struct plan *p); /* the named ones, by the shaping */
void gates_done(struct plan *p);
void provider_gates(struct plan *p, struct provider *v);
unsigned job_gates(const struct job *j, struct gate *out[2]);
bool job_is_capped(const struct job *j);

/* source.c */
void sources_init(struct plan *p);
void sources_change(struct plan *p);
void sources_done(struct plan *p);
void clients_change(struct plan *p);
void clients_done(struct plan *p);
struct client_state *client_get(struct plan *p, const char *name);
uint64_t job_sources(const struct job *j);
struct pair *pair_of(const struct plan *p, const struct provider *v, const struct source_state *s);
void pairs_init(struct plan *p, struct provider *v);
void pairs_done(struct plan *p, struct provider *v);
/* How many messages the warm-up still allows now; UINT32_MAX: any number. */
uint32_t warmup_left(struct pair *pair, const struct source_state *s, struct now now,
                     int64_t *again_wall_ms);
/* A source that a new connection to this host may come from, for this line's next job; NULL: none now.
 * *again_ms (mono): when to look again. */
struct source_state *pick_source(struct plan *p, struct site *s, unsigned host, enum priority prio,
                                 struct now now, int64_t *again_ms);
bool party_is_suspended(const struct party *party, struct now now);

/* hold.c */
struct standing *standing_get(struct plan *p, const char *name);
void standing_free(struct standing *s);
void standing_unused(struct plan *p, struct standing *s); /* of a provider that goes */
/* After a reload: where the rules that made them stand now. */
void holds_find_rules(struct plan *p);
void holds_expire(struct plan *p, struct provider *v, struct now now);
/* Wall: the provider (job, source there) is put aside until then; 0: it is not. */
int64_t hold_until(const struct provider *v, uint32_t job_key, const char *source, struct now now,
                   const struct hold **which);
void hold_put(struct plan *p, struct standing *s, const struct hold *h);
void provider_ramp(struct plan *p, struct provider *v,
                   struct now now); /* begin at one connection */

/* closed.c */
void job_review(struct plan *p, struct job *j, struct now now);
void job_read_client(struct plan *p,
                     struct job *j); /* its calendar and suspension, at the opening */
void jobs_review_due(struct plan *p, struct now now);
const struct spans *closed_for(struct plan *p, struct job *j, const struct provider *v);
void job_forget_joined(struct job *j);
enum stage { STAGE_OPEN, STAGE_DRAINING, STAGE_LAST, STAGE_SHUT };
/* Where the provider stands to its next window; *change_ms (mono): when that changes. */
enum stage provider_stage(const struct plan *p, const struct provider *v, struct now now,
                          int64_t *change_ms);
/* Mono ms: no message is begun later, because a window comes; WHEN_NEVER: none comes. */
int64_t provider_last_ms(const struct plan *p, const struct provider *v, struct now now);
/* Mono: nothing at all goes to it before; now: it may. WHEN_NEVER: somebody must act. */
int64_t provider_opens_ms(const struct plan *p, const struct provider *v, struct now now);

/* The same without what rates and quotas hold up: what is followed by a ramp. */
int64_t provider_opens_but_for_rates(const struct plan *p, const struct provider *v,
                                     struct now now);

/* waits.c */
bool wait_of_provider(const struct plan *p, const struct provider *v, struct now now,
                      struct plan_hold *out);

/* react.c */
void react_to_reply(struct plan *p, struct provider *v, const struct outcome *o, const char *source,
                    struct now now);
bool react_to_outcome(struct plan *p, struct provider *v, const struct outcome *o, struct now now);

/* memory.c */
/* Keys are taken (mem_printf). NULL: nothing is remembered. */
const char *memory_of(const struct plan *p, char *key);
/* Both kinds of rates of a gate, "rate:source a:messages" and ":dials"; of anything else by name. */
void memory_load_gate(struct plan *p, struct gate *g);
void memory_load_throttle(struct plan *p, struct throttle *t, char *key);
void memory_is_told(struct plan *p); /* all of it */
void memory_done(struct plan *p);
struct origin memory_rule_origin(const struct plan *p, const char *rule);

/* plan.c */
struct plan_action *plan_say(struct plan *p, enum plan_act act);
void plan_touch(struct plan *p, struct provider *v); /* it changed: look at it in this round */
void plan_look_at(struct plan *p, struct provider *v,
                  int64_t mono_ms); /* again then at the latest */
int64_t plan_mono_of(const struct plan *p, int64_t wall_ms);

/* queue.c: who waits for what all share */
void queue_for_lease(struct plan *p, struct provider *v, enum priority prio);
void queue_for_conn(struct plan *p, struct provider *v, enum priority prio);
bool lease_must_queue(const struct plan *p, const struct provider *v, enum priority prio);
bool conn_must_queue(const struct plan *p, const struct provider *v, enum priority prio);
/* How many rows may be leased in all, and how many connections stay free, for this priority: the
 * last tenth is for what is urgent. */
unsigned most_leased(const struct plan *p, enum priority prio);
uint32_t conns_kept(const struct plan *p, enum priority prio);
/* An idle connection that could go on should close instead: somebody without one waits. */
bool conn_should_yield(const struct plan *p, const struct conn *c, enum priority prio,
                       struct now now);
/* So many providers queue that one more would only wait (and fill memory). */
bool queue_is_long(const struct plan *p, enum priority prio);
struct provider *queue_next(struct plan *p); /* whose turn has come; NULL: nobody's */

/* domains.c */
struct domain *domain_get(struct plan *p, const char *name);
/* Something waits: resolve it or stand in the flow. */
void domain_wants(struct plan *p, struct domain *d);
void domain_drop(struct plan *p, struct domain *d); /* nobody needs it any more */
void domain_forget_route(struct plan *p, struct domain *d);
void domains_ask(struct plan *p, struct now now);
int64_t domains_ask_at(const struct plan *p); /* mono */

/* site.c */
struct provider *provider_get(struct plan *p, const char *key, const char *name,
                              enum provider_kind kind, const struct limits *l,
                              const struct profile *f);
struct site *site_get(struct plan *p, const char *domain, const struct mx_answer *a);
void site_join(struct plan *p, struct site *s); /* one more domain is routed there; or fewer */
void site_part(struct plan *p, struct site *s);
void site_unused(struct plan *p, struct site *s, int64_t mono_ms); /* if it is: to be retired */
void sites_retire(struct plan *p, struct now now);
void provider_free(struct plan *p, struct provider *v);
void site_free(struct site *s);
/* Mono: when one of its hosts can be dialled, <= now if at once. WHEN_NEVER: none has an address. */
int64_t site_opens_at(const struct site *s, struct now now);

/* flow.c */
void bucket_stand(struct plan *p, struct bucket *b); /* into the flow of its domain's provider */
void bucket_leave(struct bucket *b);
void bucket_add(struct plan *p, struct bucket *b, uint64_t count, int64_t due_ms);
struct flow *flow_turn(struct plan *p, struct provider *v, enum priority prio,
                       struct bucket **bucket, struct now now);
void flow_served(struct flow *f, int64_t rows);
/* Its caps have no room: out of the turns for a moment. */
void flow_wait(struct plan *p, struct flow *f, struct now now);
void flow_poke(struct plan *p, struct provider *v, struct job *j); /* rows of a capped job went */
/* Nothing of the job may go to the provider before (wall); 0: that is over. */
void flows_bring_back(struct plan *p); /* all that were put aside */
void flow_aside(struct plan *p, struct provider *v, struct job *j, int64_t until_ms);
void bucket_moved(struct plan *p, struct bucket *b); /* its due_ms or waiting was set anew */
void flow_unpin(struct flow *f);
void flow_place(struct plan *p, struct flow *f); /* it may go on: at its earliest time */
void flows_wake(struct plan *p, struct provider *v, struct now now);

/* lease.c */
void provider_lease(struct plan *p, struct provider *v, struct now now);
struct wall delivery_expires(struct plan *p, struct job *j, const struct provider *v,
                             struct wall added);

/* jobs.c */
struct job *plan_job_find(const struct plan *p, uint32_t key);
struct bucket *job_bucket(const struct job *j, uint32_t domain_id);
void job_check_done(struct plan *p, struct job *j); /* marks; jobs_finish() acts */
void jobs_finish(struct plan *p);
void job_forget(struct plan *p, struct job *j);

/* lane.c */
void lane_put(struct plan *p, struct site *s, struct delivery *d, bool in_front);
struct delivery *line_pop(struct plan *p, struct line *l);
struct delivery *lane_pop(struct plan *p, struct lane *l); /* frees the lane when it was its last */
/* All ready rows of a lane back; the lane is gone. */
void lane_return_all(struct plan *p, struct lane *l, struct now now);
/* To the spool, unattempted; what is cancelled ends. */
void lane_return(struct plan *p, struct delivery *d, int64_t due_ms, struct now now);
void site_return_all(struct plan *p, struct site *s, int64_t due_ms, struct now now);
void provider_return_all(struct plan *p, struct provider *v, int64_t due_ms, struct now now);
void job_return_all(struct plan *p, struct job *j, struct now now);

/* send.c */
void provider_send(struct plan *p, struct provider *v, struct now now);
void conn_close(struct plan *p, struct conn *c);
void conn_leave_gates(struct plan *p, struct conn *c); /* its places at shared limits */
void provider_close_idle(struct plan *p, struct provider *v, int64_t idle_before_ms);

unsigned provider_connections_at_most(const struct provider *v); /* now */

/* batch.c */
/* Takes up to n rows for the connection, urgent first, as far as all rates grant them soon, nothing
 * closes before, and its source may carry them. NULL: none; when to look again is noted. */
struct delivery *batch_take(struct plan *p, struct conn *c, unsigned n, struct now now,
                            unsigned *taken);
void batch_is_over(struct plan *p,
                   struct conn *c); /* it counts for no job's or client's cap any more */
/* Mono us: when the provider's own rates grant one more message; *origin (may be NULL) of the one that
 * is latest. */
int64_t provider_message_at(const struct provider *v, int64_t now_us, struct origin *origin);

/* decide.c */
void outcome_classify(struct outcome *o, const char *provider, bool *is_permanent);
void outcome_decide(struct plan *p, struct job *j, const struct provider *v, struct outcome *o,
                    bool is_permanent, struct now now);
/* Makes an outcome of our own for a delivery that never reached a connection, decides it, and says
 * ACT_RECORD. */
void plan_own_outcome(struct plan *p, struct delivery *d, enum phase phase, enum category c,
                      const char *enhanced, const char *text, bool is_permanent,
                      const char *provider, struct now now);
void delivery_cancel(struct plan *p, struct delivery *d, struct now now);
/* The same for a connection that failed: as its outcome says. */
void plan_connection_outcome(struct plan *p, struct delivery *d, const struct outcome *why,
                             struct provider *v, struct now now);
void outcome_settle(struct plan *p, struct job *j, struct outcome *o);

#endif
