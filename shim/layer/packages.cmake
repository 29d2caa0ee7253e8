# What is installed, the layer and the packages: shim/layer/README.md.
include(GNUInstallDirs)

install(TARGETS abishim RUNTIME DESTINATION bin)
# Not in the linker's path: programs name it in full. Executable: `abishim run` and the exec path execute it.
install(TARGETS abishim_shared LIBRARY DESTINATION lib/abishim)
install(FILES LICENSE DESTINATION share/doc/abishim)
install(FILES shim/layer/abishim.1 DESTINATION share/man/man1)

set(ABISHIM_LAYER ${CMAKE_CURRENT_BINARY_DIR}/layer)
set(ABISHIM_LAYER_FILES ${ABISHIM_LAYER}/abishim-${PROJECT_VERSION}-${CMAKE_SYSTEM_PROCESSOR})
# The installed command itself writes the layer, as it does for `abishim apply`.
add_custom_target(layer
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${ABISHIM_LAYER}
  COMMAND ${CMAKE_COMMAND} --install . --strip --prefix ${ABISHIM_LAYER}/installed/usr
  COMMAND ${ABISHIM_LAYER}/installed/usr/bin/abishim layer --oci=${ABISHIM_LAYER}/oci
          --tar=${ABISHIM_LAYER_FILES}.tar
  COMMAND gzip -9 -n -k ${ABISHIM_LAYER_FILES}.tar
  COMMAND ${CMAKE_COMMAND} -E sha256sum ${ABISHIM_LAYER_FILES}.tar ${ABISHIM_LAYER_FILES}.tar.gz
  DEPENDS abishim abishim_shared
  VERBATIM)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CONTACT "the abishim authors <abishim@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "programs of one Linux on the kernel of another")
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
include(CPack)
