# gnuplot -e "rows='costs.tsv'; chart='costs.svg'" costs.gp: label and nanoseconds a row, as bench/report.sh writes them.
set terminal svg size 720,300 noenhanced font "sans-serif,13" background "white"
set output chart
set datafile separator "\t"
set title "A call that answers at once, by who answers it: ns"
unset key
set logscale x
set xrange [5:40000]
set yrange [-0.7:*]
set offsets 0,0,0.3,0
set grid xtics
set tics nomirror
set border 3
set style fill solid 0.85 noborder
colour(label) = label[1:7] eq "abishim" ? 0x2a6f97 : 0xa0a8b0
plot rows using (5):0:(5):2:($0 - 0.3):($0 + 0.3):(colour(strcol(1))):ytic(1) with boxxyerror linecolor rgb variable, \
     rows using ($2 * 1.15):0:(sprintf($2 < 100 ? "%.1f" : "%.0f", $2)) with labels left
