/// Read by jemalloc when it starts; the variable MALLOC_CONF of the environment goes before it.
///
/// Memory that is freed is kept for a minute, not for ten seconds, before the system has it back:
/// what a burst of alerts takes, and the store's buffers as they are filled and written out, come
/// again and again, and to be given a page anew costs the system more than to use it.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "dirty_decay_ms:60000,muzzy_decay_ms:60000";
}
