# container.sh - what makes a web server's package fit for a container: its logs go
# where `docker logs` reads, and it listens where there is no IPv6, too.
ln -sfn /dev/stdout "$ROOT/var/log/nginx/access.log"
ln -sfn /dev/stderr "$ROOT/var/log/nginx/error.log"
sed -i '/listen \[::\]/d' "$ROOT/etc/nginx/sites-available/default"
grep -q 'Welcome to nginx!' "$ROOT"/var/www/html/index*.html
label org.drydock.contents "nginx $(in_root dpkg-query -W -f '${Version}' nginx-light) of Debian $(noted suite)"
