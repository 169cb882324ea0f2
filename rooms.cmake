# The rooms, from the ground up. See ARCHITECTURE.md; tools/layers checks the arrows.
room(base)
room(model USES base LIBS PkgConfig::jansson)
room(os USES base LIBS Threads::Threads)
room(shape USES base model LIBS PkgConfig::libpcre2_8)
room(calendar USES base model os shape LIBS PkgConfig::libical)
room(conf USES base model os shape calendar LIBS PkgConfig::libconfig)
room(handover USES base model os)
room(db USES base LIBS PkgConfig::sqlite3)
room(spool USES base model os db LIBS PkgConfig::sqlite3)
room(list USES base model os db LIBS PkgConfig::sqlite3)
room(render USES base model LIBS PkgConfig::jansson PkgConfig::libidn2)
room(dns USES base model os LIBS PkgConfig::libcares resolv PkgConfig::libidn2)
room(reply USES base model)
room(plan USES base model shape dns reply)
room(forecast USES base model shape dns plan)
room(deliver USES base model os handover render reply LIBS PkgConfig::libesmtp_1_0 PkgConfig::openssl
     PkgConfig::libidn2 dl)
# libESMTP shall call our connect(), see src/deliver/dial.h; pool_start() fails in a program without this.
target_link_options(sluice_deliver INTERFACE -Wl,--export-dynamic-symbol=connect)
room(report USES base model)
room(job USES base model os conf shape calendar spool render LIBS PkgConfig::jansson PkgConfig::zlib
     PkgConfig::libzstd PkgConfig::libidn2)
room(admin USES base model os conf report LIBS PkgConfig::jansson)
room(engine USES base model os conf shape calendar forecast handover spool list render dns reply plan deliver report job
     admin LIBS PkgConfig::jansson)
