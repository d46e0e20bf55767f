// YUV to RGB against the formula in real numbers.
#include <cmath>

#include "media_test.h"

extern "C" {
#include <libavutil/pixdesc.h>

#include "media/colours.h"
}

using namespace media_test;

namespace
{

struct FreeFrame {
    void operator()(AVFrame *frame) const { av_frame_free(&frame); }
};
using Frame = std::unique_ptr<AVFrame, FreeFrame>;

// Noise in every plane, extremes included.
Frame make_noise(AVPixelFormat format, int width, int height)
{
    Frame frame(av_frame_alloc());
    frame->format = format;
    frame->width = width;
    frame->height = height;
    EXPECT_EQ(av_frame_get_buffer(frame.get(), 0), 0);
    const AVPixFmtDescriptor *description = av_pix_fmt_desc_get(format);
    Dice dice(3);
    for (int plane = 0; plane < 3; plane++) {
        int rows = plane == 0 ? height : AV_CEIL_RSHIFT(height, description->log2_chroma_h);
        int columns = plane == 0 ? width : AV_CEIL_RSHIFT(width, description->log2_chroma_w);
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < columns; x++) {
                int64_t value = dice.roll(300) - 22;
                frame->data[plane][y * frame->linesize[plane] + x] =
                    static_cast<uint8_t>(std::clamp<int64_t>(value, 0, 255));
            }
        }
    }
    return frame;
}

// The definition of ITU-R BT.601 and its successors, one pixel.
void convert_exactly(const AVFrame *frame, colour_matrix m, bool full, int x, int y, double rgb[3])
{
    const AVPixFmtDescriptor *description =
        av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame->format));
    int cx = x >> description->log2_chroma_w, cy = y >> description->log2_chroma_h;
    double luma = frame->data[0][y * frame->linesize[0] + x] / 255.0;
    double u = (frame->data[1][cy * frame->linesize[1] + cx] - 128) / 255.0;
    double v = (frame->data[2][cy * frame->linesize[2] + cx] - 128) / 255.0;
    if (!full) {
        luma = (luma * 255 - 16) / 219;
        u = u * 255 / 224;
        v = v * 255 / 224;
    }
    double red = luma + 2 * (1 - m.red) * v, blue = luma + 2 * (1 - m.blue) * u;
    double green = (luma - m.red * red - m.blue * blue) / (1 - m.red - m.blue);
    rgb[0] = std::clamp(red, 0.0, 1.0) * 255;
    rgb[1] = std::clamp(green, 0.0, 1.0) * 255;
    rgb[2] = std::clamp(blue, 0.0, 1.0) * 255;
}

const AVColorSpace SPACES[] = {AVCOL_SPC_UNSPECIFIED, AVCOL_SPC_SMPTE170M, AVCOL_SPC_BT709,
                               AVCOL_SPC_FCC,         AVCOL_SPC_SMPTE240M, AVCOL_SPC_BT2020_NCL};
const AVPixelFormat FORMATS[] = {AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV440P,
                                 AV_PIX_FMT_YUV444P};

} // namespace

TEST(Colours, AreTheFormulasRoundedToALevel)
{
    for (AVPixelFormat format : FORMATS) {
        Frame frame = make_noise(format, 67, 33);
        for (AVColorSpace space : SPACES) {
            for (bool full : {false, true}) {
                frame->colorspace = space;
                colour_matrix m = colours_get_matrix(frame.get());
                std::vector<uint8_t> out(67 * 33 * 3);
                colours_convert(frame.get(), m, full, out.data(), 67 * 3);
                double worst = 0;
                for (int y = 0; y < 33; y++) {
                    for (int x = 0; x < 67; x++) {
                        double rgb[3];
                        convert_exactly(frame.get(), m, full, x, y, rgb);
                        for (int k = 0; k < 3; k++) {
                            worst = std::max(worst, std::abs(rgb[k] - out[(y * 67 + x) * 3 + k]));
                        }
                    }
                }
                EXPECT_LT(worst, 0.6) << "format " << format << " space " << space << full;
            }
        }
    }
}

TEST(Colours, TheLumaWeightsAreThoseOfTheStandards)
{
    Frame frame(av_frame_alloc());
    struct {
        AVColorSpace space;
        double red, blue;
    } expected[] = {{AVCOL_SPC_UNSPECIFIED, 0.299, 0.114},
                    {AVCOL_SPC_BT470BG, 0.299, 0.114},
                    {AVCOL_SPC_BT709, 0.2126, 0.0722},
                    {AVCOL_SPC_BT2020_NCL, 0.2627, 0.0593}};
    for (const auto &e : expected) {
        frame->colorspace = e.space;
        EXPECT_EQ(colours_get_matrix(frame.get()).red, e.red);
        EXPECT_EQ(colours_get_matrix(frame.get()).blue, e.blue);
    }
}

TEST(Colours, VectorInstructionsChangeNothingAndNoRowIsLeft)
{
    for (AVPixelFormat format : FORMATS) {
        for (int width : {1, 2, 7, 15, 16, 17, 31, 48, 65}) {
            Frame frame = make_noise(format, width, 5);
            colour_matrix m = colours_get_matrix(frame.get());
            size_t stride = static_cast<size_t>(width) * 3 + 2;
            std::vector<uint8_t> fast(stride * 5 + 64, 99), slow = fast;
            colours_convert(frame.get(), m, false, fast.data(), static_cast<int64_t>(stride));
            colours_convert_slowly(frame.get(), m, false, slow.data(),
                                   static_cast<int64_t>(stride));
            EXPECT_EQ(fast, slow) << "width " << width;
            EXPECT_EQ(fast[stride - 1], 99);
            EXPECT_EQ(fast[stride * 5 - 2], 99);
        }
    }
}

TEST(Colours, OnlyTheUsualFormsAreTaken)
{
    bool full = false;
    for (AVPixelFormat format : FORMATS) {
        EXPECT_TRUE(colours_are_planar(format, &full));
        EXPECT_FALSE(full);
    }
    EXPECT_FALSE(colours_are_planar(AV_PIX_FMT_YUV420P10LE, &full));
    EXPECT_FALSE(colours_are_planar(AV_PIX_FMT_GBRP, &full));
    EXPECT_FALSE(colours_are_planar(AV_PIX_FMT_NV12, &full));
    EXPECT_TRUE(colours_are_planar(AV_PIX_FMT_YUVJ422P, &full));
    EXPECT_TRUE(full);
}
