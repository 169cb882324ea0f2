# The programs: wiring only; each is one file over the rooms that it needs.
add_executable(sluice src/sluice.c)
target_link_libraries(sluice PRIVATE sluice_admin)

# connect() must be found in the executable: the dial shim of room deliver (src/deliver/dial.c).
add_executable(sluiced src/sluiced.c)
target_link_libraries(sluiced PRIVATE sluice_engine)
set_target_properties(sluiced PROPERTIES ENABLE_EXPORTS ON)
