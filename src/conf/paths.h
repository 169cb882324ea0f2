/* paths.h: paths in a configuration: relative ones belong to the folder of its file.
 *
 *     char *dir = path_folder("conf/sluice.conf");   // "/srv/sluice/conf"
 *     char *drop = path_from(dir, "../var/drop");    // "/srv/sluice/var/drop"
 */
#ifndef SLUICE_CONF_PATHS_H
#define SLUICE_CONF_PATHS_H

/* The absolute folder that a file lies in; to be freed. */
char *path_folder(const char *file);
/* The file itself, absolute; to be freed. One whose folder does not exist is left as it is. */
char *path_absolute(const char *file);
/* Absolute, without "." and ".." and double slashes; to be freed. `dir` is absolute and free of
 * symbolic links, so that ".." can be taken away as text. */
char *path_from(const char *dir, const char *path);

#endif
