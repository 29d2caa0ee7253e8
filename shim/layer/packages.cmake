# What is installed, the layer and the packages: shim/layer/README.md.

install(TARGETS abishim RUNTIME DESTINATION bin)
# Not in the linker's path: programs name it in full. Executable: `abishim run` and the exec path execute it.
install(TARGETS abishim_shared LIBRARY DESTINATION lib/abishim
        PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
install(FILES LICENSE DESTINATION share/doc/abishim)
install(FILES shim/layer/abishim.1 DESTINATION share/man/man1)

# Packing builds what is packed, not the tests.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set(ABISHIM_LAYER ${CMAKE_CURRENT_BINARY_DIR}/layer)
set(ABISHIM_LAYER_FILES ${ABISHIM_LAYER}/abishim-${PROJECT_VERSION}-${CMAKE_SYSTEM_PROCESSOR})
# The installed command itself writes the layer, as it does for `abishim apply`.
file(MAKE_DIRECTORY ${ABISHIM_LAYER})
add_custom_target(layer
  COMMAND ${CMAKE_COMMAND} -E rm -rf installed oci
  COMMAND ${CMAKE_COMMAND} --install ${CMAKE_CURRENT_BINARY_DIR} --strip --prefix ${ABISHIM_LAYER}/installed/usr
  COMMAND ${ABISHIM_LAYER}/installed/usr/bin/abishim layer --oci=${ABISHIM_LAYER}/oci
          --tar=${ABISHIM_LAYER_FILES}.tar
  COMMAND gzip -9 -n -k -f ${ABISHIM_LAYER_FILES}.tar
  COMMAND ${CMAKE_COMMAND} -E env SOURCE_DATE_EPOCH=0 cpack -G DEB --config ${CMAKE_CURRENT_BINARY_DIR}/CPackConfig.cmake
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${ABISHIM_LAYER}/_CPack_Packages
  COMMAND sh -c "sha256sum abishim*"
  WORKING_DIRECTORY ${ABISHIM_LAYER}
  DEPENDS abishim abishim_shared
  VERBATIM)

set(CPACK_GENERATOR DEB)
set(CPACK_OUTPUT_FILE_PREFIX ${ABISHIM_LAYER})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CONTACT "the abishim authors <abishim@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "programs of one Linux on the kernel of another")
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
include(CPack)
